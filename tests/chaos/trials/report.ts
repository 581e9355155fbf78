/** How results are shown: one row for each, and the page with all rows. */
import { quantile } from '../../../bench/statistics.ts';
import type { Fault } from '../faults/fault.ts';
import type { LaneCalls } from '../run/check-run.ts';
import type { Load } from '../run/ledger.ts';
import type { RunResult } from '../run/run-fault.ts';
import { lanes } from '../run/scene.ts';
import type { SwitchResult } from '../switches/run-switch.ts';
import type { Size } from './sizes.ts';
import type { Findings } from './trials.ts';

export interface Row {
  fault: string;
  load: string;
  acknowledged: string;
  ended: string;
  lost: string;
  duplicates: string;
  journals: string;
  calls: string;
  recovery: string;
}

const titles: Record<keyof Row, string> = {
  fault: 'fault',
  load: 'load',
  acknowledged: 'acknowledged',
  ended: 'completed / failed / not ended',
  lost: 'lost',
  duplicates: 'duplicates',
  journals: 'journals with gaps or repeated events',
  calls: 'provider calls per job',
  recovery: 'recovery p50 / p95 / max',
};

/** @param times in ms */
export function recoveryOf(times: readonly number[]): string {
  if (times.length === 0) return 'nothing was hit';
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)}`;
  const [p50, p95, max] = [0.5, 0.95, 1].map((share) => seconds(quantile(times, share)));
  return `${p50} / ${p95} / ${max} s (${times.length} hit)`;
}

function callsOf({ jobs, calls, ambiguous }: LaneCalls): string {
  const allowed = ambiguous > 0 ? ` (ambiguous ${(ambiguous / jobs).toFixed(3)})` : '';
  return `${jobs === 0 ? '–' : (calls / jobs).toFixed(3)}${allowed}`;
}

export function loadOf({ jobs, perSecond, tokens, itlMs }: Load): string {
  return `${jobs} jobs, ${perSecond}/s, ${tokens.join('–')} tokens, ${itlMs} ms apart`;
}

export function rowOf(result: RunResult): Row {
  const { fault, dose, states, recoveries } = result;
  const lasting = dose.holdMs === undefined ? '' : `, ${dose.holdMs / 1_000} s each`;
  const when = fault.recovery === 'next submit' ? ' to the next acknowledgement' : '';
  return {
    fault: `${result.injections} × ${fault.does}${lasting}`,
    load: loadOf(dose.load),
    acknowledged: String(result.acknowledged),
    ended: `${states.completed} / ${states.failed} / ${states.queued + states.running}`,
    lost: String(result.lost),
    duplicates: String(result.duplicates),
    journals: String(result.faultyJournals),
    calls: lanes.map((lane) => `${lane} ${callsOf(result.calls[lane])}`).join('; '),
    recovery: recoveryOf(recoveries) + when,
  };
}

/** The row of a fault that this machine can't have: it proves nothing. */
export function rowOfSkipped({ does }: Fault, why: string): Row {
  const none = Object.fromEntries(Object.keys(titles).map((name) => [name, '–'])) as Record<keyof Row, string>;
  return { ...none, fault: `NOT RUN: ${does}`, load: why };
}

/** One line for the terminal. */
export function lineOf(row: Row): string {
  return (Object.keys(titles) as (keyof Row)[]).map((name) => `  ${titles[name]}: ${row[name]}`).join('\n');
}

export interface Report {
  date: string;
  commit: string;
  machine: string;
  seed: number;
  size: Size;
  /** How many runs went at the same time. */
  atOnce: number;
  findings: readonly Findings[];
}

function tableOf<Name extends string>(titled: Record<Name, string>, rows: readonly Record<Name, string>[]): string {
  const names = Object.keys(titled) as Name[];
  const cells = [titled, ...rows].map((row) => names.map((name) => row[name]));
  const widths = names.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = cells;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

const switchTitles = { name: 'switch', does: 'what it breaks', under: 'under', expected: 'must be seen', seen: 'seen' };

function switchRow({ broken, under, red, tries, seen }: SwitchResult): Record<keyof typeof switchTitles, string> {
  const { name, does, expected } = broken;
  return { name, does, under, expected, seen: `${red ? 'red' : 'NOT RED'} at try ${tries}: ${seen}` };
}

const MAX_SENTENCES = 20;

export function pageOf({ date, commit, machine, seed, size, atOnce, findings }: Report): string {
  const rows = findings.flatMap(({ row }) => row ?? []);
  const switchResults = findings.flatMap(({ switchResult }) => switchResult ?? []);
  const failures = findings.flatMap((finding) => finding.failures);
  const sentences = failures.slice(0, MAX_SENTENCES).map((sentence) => `- ${sentence}`);
  const summary =
    failures.length === 0 ? 'No promise was broken.' : `Broken: ${failures.length}\n\n${sentences.join('\n')}`;
  return `# Chaos report

\`tests/chaos/run.ts --report\` made this page in its ${size} form on ${date}, at commit ${commit}, with seed ${seed}. ${machine}
Runs at the same time: ${atOnce}.

Each row is one run, with real processes, real signals, and a Redis with \`appendfsync always\`. A ledger outside of Holdfast
records what was acknowledged. A row of plain BullMQ with its defaults stands below the row with the same fault and load.

The jobs take turns between four lanes, one for each kind of provider:

- \`background\` runs responses in the background.
- \`background-keyed\` does that, and honors \`Idempotency-Key\`.
- \`idempotent\` only honors \`Idempotency-Key\`.
- \`plain\` does neither.

${tableOf(titles, rows)}

${summary}

## The proof can fail

Each switch breaks one safety from outside the product, and its run must go red for the named reason. Most switches run under a fault.
A promise that needs no fault runs as a scenario, which a test of \`tests/flow\` plays on an intact stack.

${tableOf(switchTitles, switchResults.map(switchRow))}

## How to read it

- **Failed**: jobs that were taken from a worker \`CRASH_LIMIT\` times, and ended with \`crash_limit\`. Any other failure breaks a promise.
- **Lost**: acknowledged before, and unknown now.
- **Duplicates**: jobs that no key of the ledger names, or keys that share a job.
- **Provider calls**: the simulator's own count. Ambiguous calls are those that Holdfast says may have been paid in vain, for each job.
  - A plain lane may make 1 call and the ambiguous ones.
  - An idempotent lane makes 1 call.
  - A background lane makes 1 call, unless the worker died before the provider had named the response.
- **Recovery**: the time until a job makes progress again, read every 50 ms. A hand-over at SIGTERM counts as progress.
  - It begins at the last progress before the worker died, and ends at the first token of the next attempt.
  - For Redis it begins when Redis ends, and includes the time until Redis is back. It ends at the next progress of each running job.
  - For the API it begins when the API ends, and ends at the next acknowledgement.
- **Plain BullMQ**: its worker ends on SIGTERM after the last of its jobs, however long they take. A frozen worker doesn't matter to it, unless
  the freeze is longer than the lock of 30 s.
- **The simulator** names a response of the lane \`background\` within milliseconds of the call, and one of \`background-keyed\` after half a second.
  If the worker is killed before that, a second call is made. It counts as ambiguous, unless the lane also sends a key.
- **A seed** gives the schedule of faults. What a fault meets depends on the machine, so a seed doesn't repeat a run exactly.
- **After a failover** a journal may end a little earlier than a reader saw it, because text on its way waits for no replica. The beginning of a
  call, the id of a response and the end of a job do wait.
- **A lost queue entry** is found by maintenance, which checks permits after 2 s.

Not run here:

- A power cut and split brain.
- Single faults. They are tests in \`tests/flow\`.
- A switch for \`appendfsync everysec\`. With it, a killed Redis loses only what still waited for a slow disk. That happens too seldom to be seen each time.
`;
}
