/** The login page. */
import { brand, escapeHtml, renderPage } from '../pages/page.ts';

/** @param problem the error of the last try; null on the first */
export function loginPage(problem: string | null): string {
  const alert = problem === null ? '' : `<p class="alert" role="alert" id="problem">${escapeHtml(problem)}</p>`;
  const described = problem === null ? '' : ' aria-invalid="true" aria-describedby="problem"';
  return renderPage({
    title: 'Log in',
    body: `<main class="login">
<form class="card" method="post" action="/login">
${brand}
<h1>Log in</h1>
<p class="quiet">Use the admin key of this installation.</p>
${alert}
<label for="key">Admin key</label>
<input id="key" name="key" type="password" autocomplete="current-password" required autofocus${described}>
<button type="submit">Log in</button>
<p class="hint">It is the value of <code>HOLDFAST_ADMIN_KEY</code>.</p>
</form>
</main>`,
  });
}
