/**
 * Lets a failed or cancelled job run again under its id; its journal goes on. It is admitted like a new job: it counts as a request,
 * and is refused while Redis is nearly full.
 */
import type { JobSummary, RequestError, SubmitRequest } from '@holdfast/core';
import { explainRefusal, type TenantLimits, type warnOfUnpriced } from '@holdfast/gate';
import { jobNotFound, jobNotRetryable, type OwnedSummary, type RetryReply } from '@holdfast/journal';
import type { DurableWrites, MemoryWatch } from '@holdfast/redis';
import type { TenantCells } from './cells.ts';
import { type EstimateNeeds, estimateFirstCall } from './first-call.ts';
import { queueFull } from './queue-full.ts';

export interface RetryNeeds extends EstimateNeeds {
  cells: TenantCells<'journal' | 'queue'>;
  limits: Pick<TenantLimits, 'of'>;
  memory: Pick<MemoryWatch, 'isNearlyFull'>;
  writes: Pick<DurableWrites, 'run'>;
  warnOfUnpriced: ReturnType<typeof warnOfUnpriced>;
}

export interface RetryOutcome {
  requests: RetryReply['requests'];
  /** null: the job waits for its turn. */
  refusal: RequestError | null;
}

/** Refuses what is sure to be refused before it counts as a request. The script checks the status again. @throws RequestError */
function refuseRetry({ memory }: Pick<RetryNeeds, 'memory'>, job: JobSummary): void {
  if (job.status !== 'failed' && job.status !== 'cancelled') throw jobNotRetryable(job.status);
  if (memory.isNearlyFull) throw queueFull();
}

/** @throws RequestError `job_not_found`, `job_not_retryable`, `queue_full`, `durability_unmet`, `plan_unknown` */
export async function retryJob(needs: RetryNeeds, { tenant, job }: OwnedSummary): Promise<RetryOutcome> {
  refuseRetry(needs, job);
  const { journal, queue } = needs.cells.of(tenant);
  const [limits, text] = await Promise.all([needs.limits.of(tenant), journal.requestText(job.id)]);
  if (text === null) throw jobNotFound(job.id);
  const { model, estimate } = estimateFirstCall(needs, job.task, (JSON.parse(text) as SubmitRequest).input);
  needs.warnOfUnpriced(tenant, model, estimate, limits);
  const admission = { limits, estimateUsd: estimate?.usd ?? null };
  const reply = await needs.writes.run((redis) => journal.over(redis).retry(job, admission));
  const { requests } = reply;
  if (reply.kind === 'refused')
    return { requests, refusal: explainRefusal(reply.refusal, { limits, requests, estimate }) };
  queue.dispatch(reply.lane);
  return { requests, refusal: null };
}
