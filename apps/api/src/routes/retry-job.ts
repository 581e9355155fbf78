/**
 * `POST /v1/jobs/{id}/retry`: a failed or cancelled job runs again under its id, and its journal goes on. It is admitted like a new
 * job: it counts as a request, and is refused while Redis is nearly full.
 */
import type { Caller, JobSummary, SubmitRequest } from '@holdfast/core';
import { explainRefusal, type TenantLimits, type warnOfUnpriced } from '@holdfast/gate';
import { jobNotFound, jobNotRetryable } from '@holdfast/journal';
import type { DurableWrites, MemoryWatch } from '@holdfast/redis';
import type { Request, Response } from '@holdfast/service';
import type { CallerHandler } from '../access/authenticate.ts';
import { ownJob, ownSummary } from '../access/own-job.ts';
import type { TenantCells } from '../cells.ts';
import { setRateLimitHeaders } from '../http/rate-limit-headers.ts';
import type { SendJob } from '../http/send-job.ts';
import { queueFull } from '../http/store-error.ts';
import { type EstimateNeeds, estimateFirstCall } from '../submit/first-call.ts';

interface RetryNeeds extends EstimateNeeds {
  cells: TenantCells<'journal' | 'queue'>;
  limits: Pick<TenantLimits, 'of'>;
  memory: Pick<MemoryWatch, 'isNearlyFull'>;
  writes: Pick<DurableWrites, 'run'>;
  warnOfUnpriced: ReturnType<typeof warnOfUnpriced>;
}

export function retryJob({ sendJob, ...needs }: RetryNeeds & { sendJob: SendJob }): CallerHandler {
  const { cells } = needs;
  return async (request, response, caller) => {
    const job = await validateRetry(needs, request, caller);
    const lane = await submitAgain(needs, job, response, caller);
    cells.of(caller.tenant).queue.dispatch(lane);
    await sendJob(response, caller, { status: 202, found: await ownJob(cells, caller, request) });
  };
}

/** Refuses what is sure to be refused before it counts as a request. The script checks the status again. */
async function validateRetry({ cells, memory }: RetryNeeds, request: Request, caller: Caller): Promise<JobSummary> {
  const { job } = await ownSummary(cells, caller, request);
  if (job.status !== 'failed' && job.status !== 'cancelled') throw jobNotRetryable(job.status);
  if (memory.isNearlyFull) throw queueFull();
  return job;
}

/** @returns the lane that the job waits in. @throws RequestError why it may not run */
async function submitAgain(
  needs: RetryNeeds,
  job: JobSummary,
  response: Response,
  { tenant }: Caller,
): Promise<string> {
  const { journal } = needs.cells.of(tenant);
  const [limits, text] = await Promise.all([needs.limits.of(tenant), journal.requestText(job.id)]);
  if (text === null) throw jobNotFound(job.id);
  const { model, estimate } = estimateFirstCall(needs, job.task, (JSON.parse(text) as SubmitRequest).input);
  needs.warnOfUnpriced(tenant, model, estimate, limits);
  const admission = { limits, estimateUsd: estimate?.usd ?? null };
  const reply = await needs.writes.run((redis) => journal.over(redis).retry(job, admission));
  setRateLimitHeaders(response, reply.requests);
  if (reply.kind === 'refused') throw explainRefusal(reply.refusal, { limits, requests: reply.requests, estimate });
  return reply.lane;
}
