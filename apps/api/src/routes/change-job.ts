/** What is done to a job that is there: cancel it, run it again, delete it. Each is one script of its cell. */
import { type Caller, type JobSummary, RequestError, type SubmitRequest } from '@holdfast/core';
import { explainRefusal } from '@holdfast/gate';
import { type CancelReply, jobNotFound, jobNotRetryable, waitForEnd } from '@holdfast/journal';
import type { Request, Response } from '@holdfast/service';
import { ownedBy, ownJob, ownSummary } from '../access/own-job.ts';
import { estimateFirstCall } from '../first-call.ts';
import { setRateLimitHeaders } from '../http/rate-limit-headers.ts';
import { sendJob, sendJson } from '../http/send-job.ts';
import { queueFull } from '../http/store-error.ts';
import { untilGone } from '../http/until-gone.ts';
import type { ApiParts } from '../parts.ts';

type Cancelled = Extract<CancelReply, { kind: 'cancelled' }>;

/** Workers obey a cancel within a second; so long the answer waits, to be able to say "cancelled". */
const CANCEL_WAIT_MS = 1_500;

/** Idempotent. The wish is stored before anything else, so it outlives every process that might obey it. */
export async function cancelJob(parts: ApiParts, request: Request, response: Response, caller: Caller): Promise<void> {
  const { id } = (await ownSummary(parts, caller, String(request.params.id))).job;
  const { journal } = parts.cells.of(caller.tenant);
  const reply = await parts.writes.run((redis) => journal.over(redis).cancel(id));
  if (reply.kind === 'cancelled') await takeOffQueue(parts, caller, id, reply);
  const over = AbortSignal.any([untilGone(response), AbortSignal.timeout(CANCEL_WAIT_MS)]);
  const found = ownedBy(caller, id, await waitForEnd(journal, parts.feed, id, over));
  await sendJob(parts, response, caller, { status: 200, found });
}

/** Tidiness only: a worker that gets hold of an ended job finds it ended. */
async function takeOffQueue(
  { cells, logger }: ApiParts,
  { tenant }: Caller,
  jobId: string,
  { release, lane, unblocked }: Cancelled,
): Promise<void> {
  const { queue } = cells.of(tenant);
  await queue.discard(lane, { jobId, release }, unblocked).catch((error: unknown) => {
    logger.warn({ jobId, error }, 'cancelled, but not taken off the queue');
  });
}

/**
 * A failed or cancelled job runs again under its id; its journal goes on. It is as much as a new job: it counts as a request,
 * and is refused while Redis is nearly full.
 */
export async function retryJob(parts: ApiParts, request: Request, response: Response, caller: Caller): Promise<void> {
  const { job } = await ownSummary(parts, caller, String(request.params.id));
  // Before it is counted. Whether it still is so when it runs, the script sees.
  if (job.status !== 'failed' && job.status !== 'cancelled') throw jobNotRetryable(job.status);
  if (parts.memory.isNearlyFull) throw queueFull();
  const lane = await admitAgain(parts, job, response, caller);
  parts.cells.of(caller.tenant).queue.dispatch(lane);
  const found = await ownJob(parts, caller, job.id);
  await sendJob(parts, response, caller, { status: 202, found });
}

/** @returns the lane that it waits in. @throws RequestError why it may not run */
async function admitAgain(parts: ApiParts, job: JobSummary, response: Response, { tenant }: Caller): Promise<string> {
  const { journal } = parts.cells.of(tenant);
  const [limits, text] = await Promise.all([parts.limits.of(tenant), journal.requestText(job.id)]);
  if (text === null) throw jobNotFound(job.id);
  const { model, estimate } = estimateFirstCall(parts, job.task, (JSON.parse(text) as SubmitRequest).input);
  parts.warnOfUnpriced(tenant, model, estimate, limits);
  const admission = { limits, estimateUsd: estimate?.usd ?? null };
  const reply = await parts.writes.run((redis) => journal.over(redis).retry(job, admission));
  setRateLimitHeaders(response, reply.requests);
  if (reply.kind === 'refused') throw explainRefusal(reply.refusal, { limits, requests: reply.requests, estimate });
  return reply.lane;
}

/** Deletes an ended job. What it has cost is in its tenant's ledger, and stays there. */
export async function deleteJob(parts: ApiParts, request: Request, response: Response, caller: Caller): Promise<void> {
  const { id } = (await ownSummary(parts, caller, String(request.params.id))).job;
  const { journal } = parts.cells.of(caller.tenant);
  const reply = await parts.writes.run((redis) => journal.over(redis).delete(id));
  if (reply === 'missing') throw jobNotFound(id);
  if (reply === 'not_ended') {
    throw new RequestError('job_not_ended', 'The job has not ended; cancel it first.', { param: 'id' });
  }
  sendJson(response, 200, { id, object: 'job', deleted: true });
}
