/** The results of a whole measurement: what is kept as JSON, and the page made from it. */
import type { Machine } from '../machine.ts';
import { type Spread, spreadOf } from '../statistics.ts';
import { formatTable } from '../table.ts';
import { type SubjectName, subjectNames } from './subjects.ts';

/** In µs, per submit. */
export interface Run {
  perSubmit: number;
}

export interface Comparison {
  atOnce: number;
  /** In the order of repetitions: those with the same index came right after one another. */
  runs: Record<SubjectName, Run[]>;
}

export interface Results {
  date: string;
  commit: string;
  machine: Machine;
  repetitions: number;
  submits: number;
  comparisons: Comparison[];
}

const titles: Record<SubjectName, string> = {
  accept: 'accept alone',
  ledger: 'let in without limits (what the job may cost is noted)',
  requests: 'requests a minute',
  budgets: 'budgets of day and month',
  all: 'requests and budgets',
  settled: 'requests and budgets, and the settlement',
};

const us = ({ median, min, max }: Spread) => `${median.toFixed(0)} (${min.toFixed(0)} – ${max.toFixed(0)})`;

export function addedBy(name: SubjectName, { runs }: Comparison): Spread {
  return spreadOf(runs[name].map(({ perSubmit }, at) => perSubmit - (runs.accept[at]?.perSubmit ?? Number.NaN)));
}

function tableOf(comparison: Comparison): string {
  const rows = subjectNames.map((name) => [
    titles[name],
    us(spreadOf(comparison.runs[name].map(({ perSubmit }) => perSubmit))),
    name === 'accept' ? '–' : us(addedBy(name, comparison)),
  ]);
  const title = comparison.atOnce === 1 ? 'One submit at a time' : `${comparison.atOnce} submits at once`;
  return `## ${title}\n\n${formatTable([['', 'µs per submit', 'added'], ...rows])}`;
}

export function pageOf({ date, commit, machine, repetitions, submits, comparisons }: Results): string {
  return `# What the gate adds to a submit

Made by \`npm run bench:gate\` on ${date}, at commit ${commit}, from \`bench/results/gate.json\`. How it is measured, and what
it leaves out: \`bench/README.md\`.

${machine.cores} cores (${machine.cpu}), shared with whatever else ran (load ${machine.loadAverage.toFixed(2)} before the start); Node ${machine.node};
Redis ${machine.redis}, \`appendfsync always\`, on this machine.

Median of ${repetitions} repetitions (lowest – highest) of ${submits} submits each. Added: what the row has over the first row in the same
repetition.

${comparisons.map(tableOf).join('\n\n')}
`;
}
