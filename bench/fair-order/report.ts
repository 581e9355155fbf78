/** The results of a whole measurement: what is stored as JSON, and the page that is made from it. */
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
  /** What a reader must know of these results, for example what has changed since. */
  note?: string;
  fairness: Fairness;
  cost: Cost[];
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

export function pageOf({ date, commit, machine, note, fairness, cost, jobsOfA, wait, held }: Results): string {
  const starts = (of: 'p50' | 'max') => wait.map(({ startsOfA }) => startsOfA[of]);
  const shares = Object.entries(fairness.weightedShare).map(([weight, share]) => `${weight}: ${share.toFixed(4)}`);
  return `# Fair order: how even it is, and what it costs

\`npm run bench:fair-order\` made this page on ${date}, at commit ${commit}, from \`bench/results/fair-order.json\`.
[bench/README.md](../../bench/README.md) says how it is measured, and what is not.
${note === undefined ? '' : `\n${note}\n`}
- **Machine:** ${machine.cores} cores (${machine.cpu}), shared with whatever else ran. The load was ${machine.loadAverage.toFixed(2)} before the start. All processes
  run on it.
- **Software:** Node ${machine.node}, Redis ${machine.redis}.

## ${fairness.jobs.toLocaleString('en')} jobs through the scheduler's own scripts (${Math.round(fairness.seconds)} s)

- **Equal tenants**, up to 1,000: none was ever more than ${fairness.equalLead} job ahead of another.
- **Weights 1, 2 and 4:** each got this part of its due share: ${shares.join(', ')}.
- **New tenants all the time**, 45 for every 100 jobs:
  - An old tenant waited for its next turn while at most ${fairness.oldWait} jobs ended. An even share would be every ${fairness.oldTurn} jobs.
  - A new tenant waited for its first turn while at most ${fairness.newcomerWait} jobs ended.

## A job of B, behind ${jobsOfA.toLocaleString('en')} jobs of A

One worker has 10 permits, and a job takes 50 ms. B submits one job after another. The table shows ms from acceptance to start: the median of
${wait.length} repetitions, with the lowest and the highest.

${waitTable(wait)}

Alone, B finds a free permit at once. Behind A, it waits for the next job that ends: one about every 5 ms, by chance sooner or later. Meanwhile,
${quantile(starts('p50'), 0.5)} job of A started in the median, and ${Math.max(...starts('max'))} at most.

## ${held.jobs.toLocaleString('en')} jobs that wait for their tenant's limit

CPU of a worker, an API process and Redis together, over ${held.seconds} s, as a share of one core: ${percent(held.held)}. Idle: ${percent(held.idle)}.

## µs of Redis' thread

${cost.map(({ what, us }) => `- ${what}: ${us.toFixed(1)}`).join('\n')}
`;
}
