/** The results of a whole measurement: what is stored as JSON, and the page that is made from it. */
import type { Machine } from '../machine.ts';
import { type Spread, spreadOf } from '../statistics.ts';
import { formatTable } from '../table.ts';
import type { Load, Run } from './measure.ts';

export const subjectNames = ['straight', 'holdfast', 'publish'] as const;
export type SubjectName = (typeof subjectNames)[number];

export interface Comparison {
  load: Load;
  /** In the order of the repetitions. Runs with the same index came right after one another. */
  runs: Record<SubjectName, Run[]>;
}

export interface Results {
  date: string;
  commit: string;
  machine: Machine;
  repetitions: number;
  comparisons: Comparison[];
}

const titles: Record<SubjectName, string> = {
  straight: 'straight from the provider (`openai` SDK)',
  holdfast: 'through Holdfast (`attach` of the client package)',
  publish: 'through plain Redis PUBLISH (nothing is stored)',
};

/** The difference of `subject` to `straight` in each repetition. For p95 it is the difference of two p95s. */
function addedBy(subject: SubjectName, { runs }: Comparison, figure: 'p50' | 'p95'): Spread {
  return spreadOf(runs[subject].map((run, at) => run[figure] - (runs.straight[at]?.[figure] ?? Number.NaN)));
}

const ms = ({ median, min, max }: Spread) => `${median.toFixed(2)} (${min.toFixed(2)} – ${max.toFixed(2)})`;

function tableOf(comparison: Comparison): string {
  const { streams, tokens, itlMs } = comparison.load;
  const rows = subjectNames.map((name) => {
    const spread = (figure: keyof Run) => spreadOf(comparison.runs[name].map((run) => run[figure]));
    const added = (['p50', 'p95'] as const).map((figure) =>
      name === 'straight' ? '–' : ms(addedBy(name, comparison, figure)),
    );
    const cpu = `${Math.round(spread('readerCpu').median * 100)} %`;
    return [titles[name], ms(spread('p50')), ms(spread('p95')), ms(spread('p99')), ...added, cpu];
  });
  const heading = `## ${streams} stream${streams === 1 ? '' : 's'} at once, ${tokens} tokens each, ${itlMs} ms apart`;
  const head = ['', 'p50', 'p95', 'p99', 'added to p50', 'added to p95', 'CPU of the reading process'];
  return `${heading}\n\n${formatTable([head, ...rows])}`;
}

export function summaryOf(comparison: Comparison): string {
  const [p50, p95] = (['p50', 'p95'] as const).map((figure) => ms(addedBy('holdfast', comparison, figure)));
  return `${comparison.load.streams} at once: Holdfast adds ${p50} ms to the median, ${p95} ms to p95`;
}

export function pageOf({ date, commit, machine, repetitions, comparisons }: Results): string {
  return `# What Holdfast adds to the delay of a token

\`npm run bench:token-delay\` made this page on ${date}, at commit ${commit}, from \`bench/results/token-delay.json\`.
[bench/README.md](../../bench/README.md) says how it is measured, and what is not.

- **Machine:** ${machine.cores} cores (${machine.cpu}), shared with whatever else ran. The load was ${machine.loadAverage.toFixed(2)} before the start. All processes
  run on it.
- **Software:** Node ${machine.node}, Redis ${machine.redis}, \`appendfsync always\`.
- **Figures:** ms from the provider's write of a token to its receipt by the reader. The tables show the median of ${repetitions} repetitions, with the
  lowest and the highest.
- **Added:** the difference to the first row of the table in the same repetition.

${comparisons.map(tableOf).join('\n\n')}
`;
}
