/**
 * Judges a run whose jobs had their time: the ledger against the API, the journals and the simulator's own count.
 *
 *   1. every acknowledged job is there, and has ended; every state is counted
 *   2. no two keys share a job, and there is no job that nobody was told of
 *   3. every journal is faultless, and the API gives its text
 *   4. no job was paid for more often than its lane allows
 *
 * A job that failed has ended; it breaks a promise all the same, unless workers were killed under it too often.
 */
import { HoldfastApiError, type Job } from '@holdfast/client';
import { isJsonObject, type JsonValue, outputTextOf } from '@holdfast/core';
import { journalFaults } from '../../stack/journal-faults.ts';
import { allowedCalls } from './allowed-calls.ts';
import type { Entry, Ledger } from './ledger.ts';
import { type Lane, lanes, type Scene } from './scene.ts';

type State = Job['status'] | 'missing';

/** Which promise: `beside` is what a fault's own witnesses saw, `nothing shown` a run that proves nothing. */
export type Kind = 'lost' | 'duplicates' | 'journals' | 'calls' | 'failed' | 'not ended' | 'beside' | 'nothing shown';

/** What was promised and not kept. */
export interface Breakage {
  kind: Kind;
  sentence: string;
}

export interface LaneCalls {
  jobs: number;
  calls: number;
  ambiguous: number;
}

export interface Verdict {
  acknowledged: number;
  states: Record<State, number>;
  lost: number;
  duplicates: number;
  /** Journals with a gap, a double, a second end, or another text than the job's. */
  faultyJournals: number;
  calls: Record<Lane, LaneCalls>;
  /** Empty when all was kept. */
  broken: Breakage[];
}

async function find({ stack }: Scene, id: string): Promise<Job | null> {
  try {
    return await stack.client.get(id);
  } catch (error) {
    if (error instanceof HoldfastApiError && error.status === 404) return null;
    throw error;
  }
}

function outputIn(log: string): JsonValue {
  const json = /\nevent: job\.completed\ndata: (.*)\n\n$/.exec(log)?.[1];
  const data: unknown = JSON.parse(json ?? 'null');
  return isJsonObject(data) ? (data.output ?? null) : null;
}

function stateFaults(job: Job | null): Breakage[] {
  if (job === null) return [{ kind: 'lost', sentence: 'is lost' }];
  const { status, error } = job;
  if (status === 'completed' || error?.code === 'crash_limit') return [];
  if (status === 'queued' || status === 'running') return [{ kind: 'not ended', sentence: `is ${status}` }];
  return [{ kind: 'failed', sentence: `is ${status}: ${error?.code}` }];
}

function callFaults({ lane }: Entry, job: Job | null, log: string, calls: number): string[] {
  if (job === null) return [];
  const allowed = allowedCalls(lane, job.ambiguous_calls, log);
  if (calls > allowed) return [`cost ${calls} calls, ${allowed} allowed (${job.ambiguous_calls} ambiguous)`];
  return calls === 0 && job.status === 'completed' ? ['completed without a call'] : [];
}

function logFaults(job: Job | null, log: string): string[] {
  if (job === null) return [];
  const faults = journalFaults(log);
  if (faults.length === 0 && job.status === 'completed' && outputTextOf(outputIn(log)) !== job.output_text) {
    faults.push('the API gives another text than its journal');
  }
  return faults;
}

/** How many jobs are known of which the ledger isn't, and how many keys share one. */
async function countDuplicates({ probe }: Scene, { entries }: Ledger): Promise<number> {
  const ids = new Set(entries.map(({ id }) => id));
  const known = await probe.redis.zrange(probe.cell.keys.tenantJobs('default'), '0', '-1');
  return entries.length - ids.size + known.filter((id) => !ids.has(id)).length;
}

/** Jobs judged at once. */
const AT_ONCE = 20;

async function judgeJob(scene: Scene, entry: Entry, verdict: Verdict): Promise<void> {
  const [job, log, { calls }] = await Promise.all([
    find(scene, entry.id),
    scene.probe.log(entry.id),
    scene.stack.providerCalls(entry.name),
  ]);
  verdict.states[job?.status ?? 'missing'] += 1;
  if (job === null) verdict.lost += 1;
  const lane = verdict.calls[entry.lane];
  lane.jobs += 1;
  lane.calls += calls;
  lane.ambiguous += job?.ambiguous_calls ?? 0;
  const wrong = logFaults(job, log);
  if (wrong.length > 0) verdict.faultyJournals += 1;
  const faults = [
    ...stateFaults(job),
    ...wrong.map((sentence): Breakage => ({ kind: 'journals', sentence })),
    ...callFaults(entry, job, log, calls).map((sentence): Breakage => ({ kind: 'calls', sentence })),
  ];
  const about = `${entry.name} (${entry.lane}, ${entry.id})`;
  verdict.broken.push(...faults.map(({ kind, sentence }) => ({ kind, sentence: `${about}: ${sentence}` })));
}

export async function judge(scene: Scene, ledger: Ledger): Promise<Verdict> {
  const calls = Object.fromEntries(lanes.map((lane) => [lane, { jobs: 0, calls: 0, ambiguous: 0 }]));
  const verdict: Verdict = {
    acknowledged: ledger.entries.length,
    states: { queued: 0, running: 0, completed: 0, failed: 0, cancelled: 0, missing: 0 },
    lost: 0,
    duplicates: await countDuplicates(scene, ledger),
    faultyJournals: 0,
    calls: calls as Record<Lane, LaneCalls>,
    broken: [],
  };
  if (verdict.duplicates > 0) {
    verdict.broken.push({ kind: 'duplicates', sentence: `${verdict.duplicates} jobs more than keys` });
  }
  for (let at = 0; at < ledger.entries.length; at += AT_ONCE) {
    const some = ledger.entries.slice(at, at + AT_ONCE);
    await Promise.all(some.map((entry) => judgeJob(scene, entry, verdict)));
  }
  const counted = Object.values(verdict.states).reduce((sum, count) => sum + count, 0);
  if (counted !== verdict.acknowledged) {
    verdict.broken.push({ kind: 'lost', sentence: `${counted} states of ${verdict.acknowledged} jobs` });
  }
  return verdict;
}
