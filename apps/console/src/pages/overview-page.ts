/** The page after login: the state of each lane. It shows only names and counts. */
import type { Lane as WholeLane } from '@holdfast/admin';
import { countNames } from '../lanes/lane-status.ts';
import { brand, escapeHtml, renderPage } from './page.ts';

type Lane = Pick<WholeLane, 'name' | 'models' | 'paused' | 'counts'>;

interface OverviewPage {
  lanes: readonly Lane[];
  /** Token for the logout form. */
  formToken: string;
  apiUrl: string;
}

const format = new Intl.NumberFormat('en');

export function overviewPage({ lanes, formToken, apiUrl }: OverviewPage): string {
  return renderPage({
    title: 'Overview',
    refreshSeconds: 10,
    body: `${topBar(formToken, apiUrl)}
<main class="wide">
<h1>Overview</h1>
${totals(lanes)}
<section class="card" aria-labelledby="lanes">
<h2 id="lanes">Lanes</h2>
<div class="scroll"><table>
<thead><tr><th>Lane</th><th>Models</th><th>State</th>${countNames.map((name) => `<th class="number">${title(name)}</th>`).join('')}</tr></thead>
<tbody>
${lanes.map(laneRow).join('\n')}
</tbody>
</table></div>
</section>
<p class="hint">Counts are current. The page reloads every 10 seconds.</p>
</main>`,
  });
}

function topBar(formToken: string, apiUrl: string): string {
  return `<header class="bar">
${brand}
<nav>
<a href="/" aria-current="page">Overview</a>
<a href="/queues/">Queues</a>
<a href="${escapeHtml(apiUrl)}/docs" rel="noreferrer">API docs</a>
</nav>
<form method="post" action="/logout">
<input type="hidden" name="token" value="${escapeHtml(formToken)}">
<button class="plain" type="submit">Log out</button>
</form>
</header>`;
}

function totals(lanes: readonly Lane[]): string {
  const tiles = countNames.map((name) => {
    const total = lanes.reduce((sum, { counts }) => sum + counts[name], 0);
    return `<li class="card"><span>${title(name)}</span><strong>${format.format(total)}</strong></li>`;
  });
  return `<ul class="tiles">${tiles.join('')}</ul>`;
}

function laneRow({ name, models, paused, counts }: Lane): string {
  const state = paused ? '<span class="pill paused">Paused</span>' : '<span class="pill open">Open</span>';
  const patterns = models.map((model) => `<code>${escapeHtml(model)}</code>`).join(' ');
  const numbers = countNames.map((count) => {
    const loud = count === 'failed' && counts.failed > 0 ? ' loud' : '';
    return `<td class="number${loud}">${format.format(counts[count])}</td>`;
  });
  const link = `/queues/queue/${encodeURIComponent(name)}`;
  return `<tr><th scope="row"><a href="${link}">${escapeHtml(name)}</a></th><td>${patterns}</td><td>${state}</td>${numbers.join('')}</tr>`;
}

function title(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
