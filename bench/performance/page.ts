/** The page `docs/performance.md`: a table of all rows, made from the results. */
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

/** The rows that miss a goal, each with its reason. */
function missesOf(results: Results): string {
  const missed = Object.entries(results).filter(([, { figures }]) => figures.some(({ met }) => met === false));
  if (missed.length === 0) return 'Every goal is met.';
  const lines = missed.map(([name, { title, figures }]) => {
    const titles = figures.filter(({ met }) => met === false).map((figure) => figure.title);
    return `- **${title}** (${titles.join('; ')}): ${reasons[name] ?? 'no reason is known yet.'}`;
  });
  return lines.join('\n');
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

Made by \`npm run bench\` from \`bench/results/performance.json\`. How each row is measured, and what it leaves out: [bench/README.md](../bench/README.md).

${machine.cores} cores (${machine.cpu}), shared with whatever else ran; Node ${machine.node}; Redis ${machine.redis}, \`appendfsync always\` for every subject; all
processes on this machine. Figures are made within one repetition, in which the subjects take turns: the median of all repetitions, with the lowest
and the highest. Compare these, not absolute times.

${formatTable([head, ...Object.values(results).flatMap(linesOf)])}

## Goals that are not met

${missesOf(results)}

## Plots

${plotsOf(results)}

## Where the figures come from

${originsOf(results)}
`;
}
