/** The page `docs/performance.md`, made from the results: a table of all rows, and the reasons of missed goals. */
import { formatTable } from '../table.ts';
import { goalText, spreadText } from './format.ts';
import { reasons } from './reasons.ts';
import type { FigureResult, Results, RowResult } from './results.ts';

function metText({ met }: FigureResult): string {
  if (met === null) return '–';
  return met ? 'met' : '**not met**';
}

function linesOf(result: RowResult): string[][] {
  return result.figures.map((figure, at) => [
    at === 0 ? result.title : '',
    figure.title,
    figure.peer,
    goalText(figure.goal, figure.unit),
    spreadText(figure.spread, figure.unit),
    at === 0 ? result.load : '',
    metText(figure),
  ]);
}

/** The rows that miss a goal, each with its missed figures and the reason. */
function missesOf(results: Results): string {
  const missed = Object.entries(results).filter(([, { figures }]) => figures.some(({ met }) => met === false));
  if (missed.length === 0) return 'Every goal is met.';
  const parts = missed.map(([name, { title, figures }]) => {
    const titles = figures.filter(({ met }) => met === false).map((figure) => `\`${figure.title}\``);
    const items = (reasons[name] ?? ['No reason is known yet.']).map((item) => `- ${item}`);
    return `### ${title}\n\nMissed: ${titles.join('; ')}.\n\n${items.join('\n')}`;
  });
  return parts.join('\n\n');
}

function originsOf(results: Results): string {
  const rows = Object.values(results).map(({ title, commit, date, machine, repetitions, quick }) => [
    title,
    quick ? `${commit} (quick)` : commit,
    date,
    String(repetitions.length),
    machine.loadAverage.toFixed(2),
  ]);
  return formatTable([['row', 'commit', 'date', 'repetitions', 'load average before'], ...rows]);
}

function plotsOf(results: Results): string {
  const curves = Object.values(results).flatMap((result) => result.curves);
  return curves.map(({ name, title }) => `![${title}](performance/${name}.svg)`).join('\n\n');
}

export function pageOf(results: Results): string {
  const head = ['row', 'figure', 'against', 'goal', 'median [min..max]', 'load', ''];
  const [first] = Object.values(results);
  if (!first) return '';
  const { machine } = first;
  return `# Performance

\`npm run bench\` makes this page from \`bench/results/performance.json\`. [bench/README.md](../bench/README.md) says how each row is measured, and what is not.

- **Machine:** ${machine.cores} cores (${machine.cpu}), shared with whatever else ran. All processes run on it.
- **Software:** Node ${machine.node}, Redis ${machine.redis}. Every subject has \`appendfsync always\`.
- **Figures:** the subjects take turns within each repetition, and each repetition gives one figure. The table shows the median of all repetitions,
  the lowest and the highest. Compare these, not absolute times.

${formatTable([head, ...Object.values(results).flatMap(linesOf)])}

## Goals that are not met

${missesOf(results)}

## Plots

${plotsOf(results)}

## Where the figures come from

${originsOf(results)}
`;
}
