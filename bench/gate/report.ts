/** The results of a whole measurement: what is kept as JSON, and the page made from it. */
import type { Machine } from '../machine.ts';
import { type Spread, spreadOf } from '../statistics.ts';
import { formatTable } from '../table.ts';
import type { Cost } from './measure.ts';

/** One figure per repetition: those with the same index came right after one another. */
export interface Row<Figure> {
  title: string;
  runs: Figure[];
}

export interface Comparison {
  title: string;
  /** In each repetition. */
  operations: number;
  atOnce: number;
  /** Whether its first row is what the others are compared with. */
  hasBase: boolean;
  rows: Row<Cost>[];
}

export interface Results {
  date: string;
  commit: string;
  machine: Machine;
  repetitions: number;
  comparisons: Comparison[];
  /** ns of Node's CPU. */
  local: { operations: number; rows: Row<number>[] };
}

const spreadText = ({ median, min, max }: Spread) => `${median.toFixed(0)} (${min.toFixed(0)} – ${max.toFixed(0)})`;

const figure = (row: Row<Cost>, of: keyof Cost) => spreadText(spreadOf(row.runs.map((run) => run[of])));

function addedText(row: Row<Cost>, base: Row<Cost> | undefined, of: keyof Cost): string {
  if (row === base) return '–';
  return spreadText(spreadOf(row.runs.map((run, at) => run[of] - (base?.runs[at]?.[of] ?? Number.NaN))));
}

function tableOf({ title, operations, atOnce, hasBase, rows }: Comparison): string {
  const [base] = rows;
  const heading = `## ${title}, ${atOnce === 1 ? 'one at a time' : `${atOnce} at once`}`;
  const head = ['CPU of Node', 'CPU of Redis'].flatMap((name) => (hasBase ? [name, 'added'] : [name]));
  const table = rows.map((row) => {
    const added = (of: keyof Cost) => (hasBase ? [addedText(row, base, of)] : []);
    return [
      row.title,
      ...(['node', 'redis'] as const).flatMap((of) => [figure(row, of), ...added(of)]),
      figure(row, 'time'),
    ];
  });
  return `${heading}\n\nµs, of ${operations.toLocaleString('en')} in each repetition.\n\n${formatTable([['', ...head, 'time'], ...table])}`;
}

function localTableOf({ operations, rows }: Results['local']): string {
  const table = [['', 'CPU of Node'], ...rows.map(({ title, runs }) => [title, spreadText(spreadOf(runs))])];
  const heading = '## A provider call, what the worker decides by itself';
  return `${heading}\n\nns, of ${operations.toLocaleString('en')} in each repetition.\n\n${formatTable(table)}`;
}

export function pageOf({ date, commit, machine, repetitions, comparisons, local }: Results): string {
  return `# What the gates cost

Made by \`npm run bench:gate\` on ${date}, at commit ${commit}, from \`bench/results/gate.json\`. How it is measured, and what
it leaves out: \`bench/README.md\`.

${machine.cores} cores (${machine.cpu}), shared with whatever else ran (load ${machine.loadAverage.toFixed(2)} before the start); Node ${machine.node};
Redis ${machine.redis}, \`appendfsync always\`, on this machine.

Median of ${repetitions} repetitions (lowest – highest). Added: what the row has over the first row in the same repetition.

${[...comparisons.map(tableOf), localTableOf(local)].join('\n\n')}
`;
}
