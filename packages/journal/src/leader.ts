/**
 * Which of a tenant's equal jobs makes the call: the leader. The others follow it: they copy what its journal says. Which one
 * that is, is decided when a job is submitted, and again when its leader has ended without an answer.
 *
 *   nobody leads                                        → the asker does
 *   it is queued or runs, or has completed in time      → follow it
 *   it failed, was cancelled or deleted, or is too old  → whoever asks first leads, and the others follow that one
 */
import { scripts } from '@holdfast/cell';
import type { JournalCell } from './journal-cell.ts';

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
  /** A finished answer may be `ttlMs` older than this (ms, Redis' clock). */
  since: number;
}

/** A job to be followed. `generation` tells it from one that was deleted and created anew under the same id. */
export interface Leader {
  jobId: string;
  generation: string;
}

/** Whom to follow; null: the asker leads from now on. Safe to repeat. */
export async function findLeader({ cell }: JournalCell, { jobId, shared, since }: Asker): Promise<Leader | null> {
  const args = [jobId, shared.digest, shared.ttlMs, since, cell.retentionMs];
  const [leader, generation] = (await scripts.lead.run(cell, args)) as string[];
  return leader === undefined ? null : { jobId: leader, generation: generation ?? '' };
}

/** Whether this is still the same generation of the job. */
export async function isSameGeneration({ cell }: JournalCell, { jobId, generation }: Leader): Promise<boolean> {
  return (await cell.redis.hget(cell.keys.job(jobId).record, 'created_at')) === generation;
}
