/**
 * Which of a tenant's equal jobs makes the call: the leader. The others follow it and copy its journal. The leader is chosen when a
 * job is submitted, and again when a leader has ended without an answer:
 *
 *   no job leads                                            → the asking job leads
 *   the leader is queued, runs, or has completed in time    → follow it
 *   it failed, was cancelled or deleted, or is too old      → the first job that asks leads, and the others follow it
 */
import { scripts } from '@holdfast/cell';
import { parseTraceparent, type TraceContext } from '@holdfast/core';
import type { JournalCell } from './journal-cell.ts';

/** Which jobs a job shares its answer with. */
export interface Shared {
  /** Digest of everything that decides the answer, the tenant included. */
  digest: string;
  /** The maximum age of a finished answer, in ms. */
  ttlMs: number;
}

interface Asker {
  jobId: string;
  shared: Shared;
  /** A finished answer may be `ttlMs` older than this (ms, Redis' clock). */
  since: number;
}

/** A job to follow. `generation` differs for a job that was deleted and created again under the same id. */
export interface Leader {
  jobId: string;
  generation: string;
  /** The span that submitted it; null: it has no trace. */
  trace: TraceContext | null;
}

/** The job to follow; null: the asker leads from now on. Safe to repeat. */
export async function findLeader({ cell }: JournalCell, { jobId, shared, since }: Asker): Promise<Leader | null> {
  const args = [jobId, shared.digest, shared.ttlMs, since, cell.retentionMs];
  const [leader, generation = '', , traceparent] = (await scripts.lead.run(cell, args)) as string[];
  return leader === undefined ? null : { jobId: leader, generation, trace: parseTraceparent(traceparent) };
}

/** Whether this is still the same generation of the job. */
export async function isSameGeneration(
  { cell }: JournalCell,
  { jobId, generation }: Omit<Leader, 'trace'>,
): Promise<boolean> {
  return (await cell.redis.hget(cell.keys.job(jobId).record, 'created_at')) === generation;
}
