/** The results of a whole measurement: what is kept as JSON, and the page made from it. */
import type { Machine } from '../machine.ts';
import { quantile, type Spread, spreadOf } from '../statistics.ts';
import { formatTable } from '../table.ts';
import type { Cost } from './cost.ts';
import type { Fairness } from './simulate.ts';
import type { HeldCpu, WaitOfB } from './stack-runs.ts';

export interface Results {
  date: string;
  commit: string;
  machine: Machine;
  fairness: Fairness;
  cost: Cost;
  jobsOfA: number;
  /** One for each repetition. */
  wait: WaitOfB[];
  held: HeldCpu;
}

const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
const spreadText = ({ median, min, max }: Spread, digits = 0) =>
  `${median.toFixed(digits)} (${min.toFixed(digits)} – ${max.toFixed(digits)})`;

function waitTable(wait: readonly WaitOfB[]): string {
  const rows = (['p50', 'p95', 'max'] as const).map((of) => [
    of === 'max' ? 'longest' : of,
    ...(['alone', 'behind'] as const).map((which) => spreadText(spreadOf(wait.map((one) => one[which][of])))),
    spreadText(spreadOf(wait.map(({ alone, behind }) => behind[of] / alone[of])), 1),
  ]);
  return formatTable([['ms', 'alone', 'behind A', 'times as long'], ...rows]);
}

export function pageOf({ date, commit, machine, fairness, cost, jobsOfA, wait, held }: Results): string {
  const starts = (of: 'p50' | 'max') => wait.map(({ startsOfA }) => startsOfA[of]);
  const shares = Object.entries(fairness.weightedShare).map(([weight, share]) => `${weight}: ${share.toFixed(4)}`);
  return `# Fair order: how even, and what it costs

Made by \`npm run bench:fair-order\` on ${date}, at commit ${commit}, from \`bench/results/fair-order.json\`. How it is
measured, and what it leaves out: \`bench/README.md\`.

${machine.cores} cores (${machine.cpu}), shared with whatever else ran (load ${machine.loadAverage.toFixed(2)} before the start); Node ${machine.node};
Redis ${machine.redis}; all processes on this machine.

## ${fairness.jobs.toLocaleString('en')} jobs through the cell's own scripts (${Math.round(fairness.seconds)} s)

- Up to 1,000 equal tenants: none was ever more than ${fairness.equalLead} job ahead of another.
- Weights 1, 2, 4, what each got of its due share: ${shares.join(', ')}.
- New tenants all the time (45 for every 100 jobs): no old tenant waited longer than ${fairness.oldWait} ended jobs for its next turn
  (every ${fairness.oldTurn} would be even), no newcomer longer than ${fairness.newcomerWait} for its first.

## A job of B, behind ${jobsOfA.toLocaleString('en')} jobs of A

One worker with 10 slots, jobs of 50 ms, B one job after another; from acceptance to its start. Median of ${wait.length} repetitions (lowest –
highest).

${waitTable(wait)}

Alone a slot is free at once; behind A the next one that ends has to be waited for, which is one in about 5 ms, by chance sooner or
later. Jobs of A that started meanwhile: median ${quantile(starts('p50'), 0.5)}, most of all ${Math.max(...starts('max'))}.

## ${held.jobs.toLocaleString('en')} jobs held by their tenant's cap

CPU of a worker, an API process and Redis together over ${held.seconds} s, as a share of one core: ${percent(held.held)}; idle: ${percent(held.idle)}.

## µs of Redis' thread

- per submit (\`submit\`, all of it): ${cost.submit.toFixed(1)}
- per job from permit to permit (an end, and an unshared \`dispatch\` with buckets): ${cost.dispatchAndEnd.toFixed(1)}
- per further call of a job (\`acquireCall\`): ${cost.acquireCall.toFixed(1)}
`;
}
