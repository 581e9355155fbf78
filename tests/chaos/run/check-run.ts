/**
 * Checks a run whose jobs have had their time: compares the ledger with the API, the journals and the simulator's own count.
 *
 *   1. every acknowledged job exists and has ended; every state is counted
 *   2. no two keys share a job, and no job exists that was never acknowledged
 *   3. every journal is correct, and the API returns its text
 *   4. no job made more provider calls than its lane allows
 *
 * A failed job has ended, but it violates a promise too. The exception is a job whose workers were killed too often.
 */
import { HoldfastApiError, type Job } from '@holdfast/client';
import { isJsonObject, type JsonValue, outputTextOf } from '@holdfast/core';
import { journalFaults } from '../../stack/journal-faults.ts';
import { allowedCalls } from './allowed-calls.ts';
import type { Entry, Ledger } from './ledger.ts';
import { type Lane, lanes, type Scene } from './scene.ts';

type State = Job['status'] | 'missing';

/** Which promise was violated. `observed`: the fault's own observer saw it. `no fault`: the run proves nothing. */
export type ViolationKind =
  | 'lost'
  | 'duplicates'
  | 'journals'
  | 'calls'
  | 'failed'
  | 'not ended'
  | 'observed'
  | 'no fault';

/** A promise that was violated. */
export interface Violation {
  kind: ViolationKind;
  sentence: string;
}

export interface LaneCalls {
  jobs: number;
  calls: number;
  ambiguous: number;
}

export interface CheckResult {
  acknowledged: number;
  states: Record<State, number>;
  lost: number;
  duplicates: number;
  /** Journals with a gap, a repeated event, a second end, or a text that differs from the job's. */
  faultyJournals: number;
  calls: Record<Lane, LaneCalls>;
  /** Empty when every promise held. */
  violations: Violation[];
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

function stateFaults(job: Job | null): Violation[] {
  if (job === null) return [{ kind: 'lost', sentence: 'is lost' }];
  const { status, error } = job;
  if (status === 'completed' || error?.code === 'crash_limit') return [];
  if (status === 'queued' || status === 'running') return [{ kind: 'not ended', sentence: `is ${status}` }];
  return [{ kind: 'failed', sentence: `is ${status}: ${error?.code}` }];
}

function callFaults({ lane }: Entry, job: Job | null, log: string, calls: number): string[] {
  if (job === null) return [];
  const allowed = allowedCalls(lane, job.ambiguous_calls, log);
  if (calls > allowed) return [`made ${calls} calls, ${allowed} allowed (${job.ambiguous_calls} ambiguous)`];
  return calls === 0 && job.status === 'completed' ? ['completed without a call'] : [];
}

function logFaults(job: Job | null, log: string): string[] {
  if (job === null) return [];
  const faults = journalFaults(log);
  if (faults.length === 0 && job.status === 'completed' && outputTextOf(outputIn(log)) !== job.output_text) {
    faults.push("the API's text differs from the journal's");
  }
  return faults;
}

/** Keys that share a job with another key, plus jobs in Redis that are not in the ledger. */
async function countDuplicates({ probe }: Scene, { entries }: Ledger): Promise<number> {
  const ids = new Set(entries.map(({ id }) => id));
  const known = await probe.redis.zrange(probe.cell.keys.tenantJobs('default'), '0', '-1');
  return entries.length - ids.size + known.filter((id) => !ids.has(id)).length;
}

/** Jobs checked at the same time. */
const AT_ONCE = 20;

async function checkJob(scene: Scene, entry: Entry, result: CheckResult): Promise<void> {
  const [job, log, { calls }] = await Promise.all([
    find(scene, entry.id),
    scene.probe.log(entry.id),
    scene.stack.providerCalls(entry.name),
  ]);
  result.states[job?.status ?? 'missing'] += 1;
  if (job === null) result.lost += 1;
  const lane = result.calls[entry.lane];
  lane.jobs += 1;
  lane.calls += calls;
  lane.ambiguous += job?.ambiguous_calls ?? 0;
  const wrong = logFaults(job, log);
  if (wrong.length > 0) result.faultyJournals += 1;
  const faults = [
    ...stateFaults(job),
    ...wrong.map((sentence): Violation => ({ kind: 'journals', sentence })),
    ...callFaults(entry, job, log, calls).map((sentence): Violation => ({ kind: 'calls', sentence })),
  ];
  const about = `${entry.name} (${entry.lane}, ${entry.id})`;
  result.violations.push(...faults.map(({ kind, sentence }) => ({ kind, sentence: `${about}: ${sentence}` })));
}

export async function checkRun(scene: Scene, ledger: Ledger): Promise<CheckResult> {
  const calls = Object.fromEntries(lanes.map((lane) => [lane, { jobs: 0, calls: 0, ambiguous: 0 }]));
  const result: CheckResult = {
    acknowledged: ledger.entries.length,
    states: { queued: 0, running: 0, completed: 0, failed: 0, cancelled: 0, missing: 0 },
    lost: 0,
    duplicates: await countDuplicates(scene, ledger),
    faultyJournals: 0,
    calls: calls as Record<Lane, LaneCalls>,
    violations: [],
  };
  if (result.duplicates > 0) {
    result.violations.push({ kind: 'duplicates', sentence: `${result.duplicates} more jobs than keys` });
  }
  for (let at = 0; at < ledger.entries.length; at += AT_ONCE) {
    const some = ledger.entries.slice(at, at + AT_ONCE);
    await Promise.all(some.map((entry) => checkJob(scene, entry, result)));
  }
  const counted = Object.values(result.states).reduce((sum, count) => sum + count, 0);
  if (counted !== result.acknowledged) {
    result.violations.push({ kind: 'lost', sentence: `${counted} states of ${result.acknowledged} jobs` });
  }
  return result;
}
