/**
 * Which of a tenant's equal jobs makes the call: the leader. The others follow it: they copy what its journal tells.
 *
 *   nobody leads                                       → the asker does
 *   the leader's record isn't there yet                → it is just being accepted, for a few seconds: wait
 *   it is queued or runs, or has completed in time     → follow it
 *   it failed, was cancelled or forgotten, is too old  → whoever replaces it first leads, and the others follow that one
 *
 * The key names a job and proves nothing: what may be answered from is decided by the record, which has to be of the same
 * digest. So a lost or outdated key costs a call, never a wrong answer. The tenant is part of the digest.
 */
import { hasEnded } from '@holdfast/core';
import type { Journal } from './journal.ts';
import { leaderKey } from './keys.ts';
import type { RecordField } from './record.ts';
import { giveUpLeadScript, leadScript } from './scripts/lead.ts';

/** What a job shares its answer by. */
export interface Shared {
  /** Of all that decides the answer, tenant included. */
  digest: string;
  /** How old, in ms, a finished answer may be. */
  ttlMs: number;
}

interface Asker {
  jobId: string;
  shared: Shared;
  /** A finished answer may be `ttlMs` older than this (ms, Redis' clock); null: than now. */
  since: number | null;
}

export type Leader =
  /** The asker itself is to make the call. */
  | { kind: 'self' }
  /** Somebody has the lead whose job may not be accepted yet. */
  | { kind: 'unborn' }
  /** `life` tells it from a job that was forgotten and accepted anew under the same id. */
  | { kind: 'other'; jobId: string; life: string; ended: boolean };

/** Between taking the lead and being accepted lie a few round trips, or a crash. */
const UNBORN_FOR_MS = 5_000;

const leaderFields = ['status', 'shared', 'created_at', 'finished_at'] as const satisfies RecordField[];

/** Who leads; the asker from here on, where nobody does who can. Safe to repeat. */
export async function findLeader(journal: Journal, { jobId, shared, since }: Asker): Promise<Leader> {
  const { redis, prefix, retentionMs } = journal;
  for (let replaced = ''; ; ) {
    const args = [jobId, replaced, retentionMs];
    const reply = await leadScript.run(redis, [leaderKey(prefix, shared.digest)], args);
    const [leader, ageMs, now] = reply as [string, number, number];
    if (leader === jobId) return { kind: 'self' };
    const values = await redis.hmget(journal.keysOf(leader).record, ...leaderFields);
    const [status, digest, life, finishedAt] = values;
    if (!status && ageMs < UNBORN_FOR_MS) return { kind: 'unborn' };
    const ended = hasEnded(status ?? '');
    const inTime = status === 'completed' && Number(finishedAt) >= (since ?? now) - shared.ttlMs;
    if (status && life && digest === shared.digest && (!ended || inTime)) {
      return { kind: 'other', jobId: leader, life, ended };
    }
    replaced = leader;
  }
}

/** Leads no more, if it did. */
export async function giveUpLead(
  { redis, prefix }: Pick<Journal, 'redis' | 'prefix'>,
  { jobId, digest }: { jobId: string; digest: string },
): Promise<void> {
  await giveUpLeadScript.run(redis, [leaderKey(prefix, digest)], [jobId]);
}

/** Whether this is still the same life of the job. */
export async function isAlive(journal: Journal, jobId: string, life: string): Promise<boolean> {
  return (await journal.redis.hget(journal.keysOf(jobId).record, 'created_at')) === life;
}
