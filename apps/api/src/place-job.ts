/**
 * Where a job waits that asks to share an answer (`cache`):
 *
 *   leads     no equal job answers for it: it is one like any other, and others may follow it
 *   joined    an equal job is queued or runs: it waits with the followers, past its lane's limits and its tenant's backlog
 *   cached    an equal job has completed in time: likewise
 *   delayed   who answers for it is asked when it is due, not now: it waits with the followers until then
 *
 * Equal are jobs of one tenant with the same task, model and input; `stream`, which no task obeys, doesn't count. How and
 * when a job runs, and what its client keeps with it, is no part of its answer.
 */
import { createHash } from 'node:crypto';
import { canonicalJson, followersLane, type SubmitRequest } from '@holdfast/core';
import { findLeader, giveUpLead, type NewJob, type Shared } from '@holdfast/journal';
import { modelOf, type Task } from '@holdfast/tasks';
import type { ApiParts } from './parts.ts';

export interface Placed {
  job: NewJob;
  /** As it is counted, where the job is accepted. */
  result: 'accepted' | 'joined' | 'cached';
}

/** null: the job shares nothing. */
export function sharedOf(tenant: string, task: Task, { input, cache = task.cache }: SubmitRequest): Shared | null {
  if (!cache) return null;
  const { stream: _, ...rest } = input;
  const asked = canonicalJson([tenant, task.name, modelOf(task, input), task.endpoint ? rest : input]);
  return { digest: createHash('sha256').update(asked).digest('base64url'), ttlMs: cache.ttl_s * 1_000 };
}

/** In its own lane. */
export function ownPlace(job: NewJob): Placed {
  return { job, result: 'accepted' };
}

/** Takes the lead, where nobody has it. */
export async function placeJob({ journal }: ApiParts, job: NewJob): Promise<Placed> {
  const { id: jobId, shared, request } = job;
  if (!shared) return ownPlace(job);
  const follower = { ...job, queue: followersLane };
  if (request.delay_ms) return { job: follower, result: 'accepted' };
  const leader = await findLeader(journal, { jobId, shared, since: null });
  if (leader.kind === 'self') return ownPlace(job);
  return { job: follower, result: leader.kind === 'other' && leader.ended ? 'cached' : 'joined' };
}

/** For one that was refused. Where this fails, or is never come to, others find out a few seconds later. */
export async function leavePlace({ journal, logger }: ApiParts, { id: jobId, shared }: NewJob): Promise<void> {
  if (!shared) return;
  await giveUpLead(journal, { jobId, digest: shared.digest }).catch((error: unknown) => {
    logger.warn({ jobId, error }, 'refused, and still leads; it does no more in a few seconds');
  });
}
