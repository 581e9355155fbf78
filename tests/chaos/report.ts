/** How outcomes are shown: a row each, and the page made of them. */
import { quantile } from '../../bench/statistics.ts';
import type { Fault } from './fault.ts';
import type { LaneCalls } from './judge.ts';
import type { Load } from './ledger.ts';
import type { Outcome } from './run-fault.ts';
import { lanes } from './scene.ts';
import type { Sighting } from './see-red.ts';
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
  journals: 'journals with gaps or doubles',
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

export function rowOf(outcome: Outcome): Row {
  const { fault, dose, states, recoveries } = outcome;
  const lasting = dose.holdMs === undefined ? '' : `, ${dose.holdMs / 1_000} s each`;
  const when = fault.recovery === 'next submit' ? ' to the next acknowledgement' : '';
  return {
    fault: `${outcome.injections} × ${fault.does}${lasting}`,
    load: loadOf(dose.load),
    acknowledged: String(outcome.acknowledged),
    ended: `${states.completed} / ${states.failed} / ${states.queued + states.running}`,
    lost: String(outcome.lost),
    duplicates: String(outcome.duplicates),
    journals: String(outcome.faultyJournals),
    calls: lanes.map((lane) => `${lane} ${callsOf(outcome.calls[lane])}`).join('; '),
    recovery: recoveryOf(recoveries) + when,
  };
}

/** A fault that couldn't be made: nothing is proved of it. */
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

function switchRow({ broken, under, red, tries, seen }: Sighting): Record<keyof typeof switchTitles, string> {
  const { name, does, expected } = broken;
  return { name, does, under, expected, seen: `${red ? 'red' : 'NOT RED'} at try ${tries}: ${seen}` };
}

const MOST_SENTENCES = 20;

export function pageOf({ date, commit, machine, seed, size, findings }: Report): string {
  const rows = findings.flatMap(({ row }) => row ?? []);
  const sightings = findings.flatMap(({ sighting }) => sighting ?? []);
  const broken = findings.flatMap((finding) => finding.broken);
  const sentences = broken.slice(0, MOST_SENTENCES).map((sentence) => `- ${sentence}`);
  const verdict =
    broken.length === 0 ? 'No promise was broken.' : `Broken: ${broken.length}\n\n${sentences.join('\n')}`;
  return `# Chaos report

Made by \`tests/chaos/run.ts --report\` in its ${size} form on ${date}, at commit ${commit}, seed ${seed}. ${machine}

Each row is a run of its own: real processes, real signals, a Redis with \`appendfsync always\`, and a ledger outside of
Holdfast that holds what was acknowledged. Rows of plain BullMQ with its defaults stand below the ones whose fault and
load they share. Jobs take turns between four lanes: a provider that runs responses in the background, one that honors
\`Idempotency-Key\` as well, one that only honors that, and one that does neither.

${tableOf(titles, rows)}

${verdict}

## The proof is seen to fail

Each switch breaks one safety from outside the product, and must turn its run red for the reason named: under a fault, or,
where a promise needs none to be seen, in the scenario that a test of \`tests/flow\` plays on an intact stack.

${tableOf(switchTitles, sightings.map(switchRow))}

## How it is read

- **Lost**: acknowledged, and unknown now. **Duplicates**: jobs that no key of the ledger names, or keys that share a job.
- **Provider calls** are the simulator's own count. Ambiguous: calls per job that Holdfast says may have been paid for
  nothing. A plain lane may cost 1 + that; an idempotent one costs 1; a background one costs 1, unless its worker was gone
  before the provider had named the response.
- **Recovery** is from the last sight of a job's progress before its worker was gone to the first token of its next run, seen
  every 50 ms. A hand-back at SIGTERM is progress; for Redis it is from its end to the next progress of each running job,
  its time away included; for the API from its end to the next acknowledgement.
- Plain BullMQ's worker ends on SIGTERM with the last of its own jobs, however long they take; a freeze is nothing to it
  unless it outlasts the lock of 30 s.
- The simulator names a response of the lane \`background\` within milliseconds of the call, one of \`background-keyed\` after half
  a second. Until then a killed worker costs a second call, counted as ambiguous, unless the lane sends a key as well.
- A schedule comes from the seed; what it meets depends on the machine, so a seed is no exact replay.

- After a failover a journal may stand a little earlier than a reader saw it: text on its way waits for no replica; a call's
  beginning, a response's id and a job's end do. A job whose queue entry was lost waits for a sweep, up to 10 s.

Not run here: a power cut, split brain. Single faults are tests of their own, in \`tests/flow\`. No switch for
\`appendfsync everysec\`: a killed Redis loses with it only what still waited for a slow disk, too seldom to be seen each time.
`;
}
