/** What is done to a job that is there: cancel it, run it again, forget it. */
import { type Caller, type Job, RequestError, type SubmitRequest } from '@holdfast/core';
import { type CancelReply, jobNotFound, jobNotRetryable, waitForEnd } from '@holdfast/journal';
import type { Request, Response } from '@holdfast/service';
import { firstCallOf } from '@holdfast/tasks';
import { applicantOf, giveBackOrphan, requireAdmitted, settleEnded } from '../admit-job.ts';
import { ownedBy, ownJob } from '../own-job.ts';
import type { ApiParts } from '../parts.ts';
import { setRateLimitHeaders } from '../rate-limit-headers.ts';
import { sendJob, sendJson } from '../send-job.ts';
import { queueFull } from '../store-error.ts';
import { untilGone } from '../until-gone.ts';

type Cancelled = Extract<CancelReply, { kind: 'cancelled' }>;

/** Workers obey a cancel within a second; so long the answer waits, to be able to say "cancelled". */
const CANCEL_WAIT_MS = 1_500;

/** Idempotent. The wish is stored before anything else, so it outlives every process that might obey it. */
export async function cancelJob(parts: ApiParts, request: Request, response: Response, caller: Caller): Promise<void> {
  const { id } = await ownJob(parts, caller, String(request.params.id));
  const reply = await parts.writes.run((redis) => parts.journal.over(redis).cancel(id));
  if (reply.kind === 'cancelled') {
    await Promise.all([takeOffQueue(parts, caller, id, reply), settleCancelled(parts, id)]);
  }
  const over = AbortSignal.any([untilGone(response), AbortSignal.timeout(CANCEL_WAIT_MS)]);
  sendJob(response, caller, 200, ownedBy(caller, id, await waitForEnd(parts.journal, parts.feed, id, over)));
}

/** Tidiness only: a worker that gets hold of an ended job finds it ended. One is wanted, though, for what still costs money. */
async function takeOffQueue(
  { queue, logger }: ApiParts,
  { tenant }: Caller,
  jobId: string,
  cancelled: Cancelled,
): Promise<void> {
  const { release, lane, leftOver } = cancelled;
  try {
    await queue.remove({ jobId, release, lane });
    // As one past its deadline: no call will be made, so no limit is to hold it up.
    const atOnce = { tokens: 0, delayMs: 0, deadlineInMs: 0, priority: 100, again: true };
    if (leftOver) await queue.enqueue({ jobId, release, lane, tenant, ...atOnce });
  } catch (error) {
    logger.warn({ jobId, error }, 'cancelled, but not taken off the queue');
  }
}

/** No worker had it: nobody else will. After a crash here the worker's duty does. */
async function settleCancelled(parts: ApiParts, jobId: string): Promise<void> {
  await settleEnded(parts, jobId).catch((error: unknown) => {
    parts.logger.warn({ jobId, error }, 'cancelled, but not settled; it is after a minute');
  });
}

/**
 * A failed or cancelled job runs again under its id; its journal goes on. It is as much as a new job: it counts as a request,
 * and is refused while Redis is nearly full.
 */
export async function retryJob(parts: ApiParts, request: Request, response: Response, caller: Caller): Promise<void> {
  const { queue, memory, logger } = parts;
  const job = await ownJob(parts, caller, String(request.params.id));
  // Before it is counted. Whether it still is so when it runs, the script sees.
  if (job.status !== 'failed' && job.status !== 'cancelled') throw jobNotRetryable(job.status);
  if (memory.isNearlyFull) throw queueFull();
  const release = await admitAndRerun(parts, job, response, caller);
  const { tenant } = caller;
  const atOnce = { delayMs: 0, deadlineInMs: null, again: false };
  await queue.enqueue({ jobId: job.id, tenant, ...release, ...atOnce }).catch((error: unknown) => {
    logger.warn({ jobId: job.id, error }, 'accepted but not enqueued; the sweeper will');
  });
  sendJob(response, caller, 202, await ownJob(parts, caller, job.id));
}

/** Settles the run before, whose cost the record is about to lose, and sets aside what this one may cost. */
async function admitAndRerun(parts: ApiParts, job: Job, response: Response, { tenant }: Caller) {
  const { journal, writes, gate } = parts;
  const settled = await settleEnded(parts, job.id);
  const task = parts.tasks.get(job.task);
  const text = await journal.requestText(job.id);
  const body = text === null ? null : (JSON.parse(text) as SubmitRequest).input;
  const applicant = applicantOf(parts, tenant, job.id, task && body ? firstCallOf(task, body) : null);
  const admission = await gate.admit(applicant);
  setRateLimitHeaders(response, admission.requests);
  const admitted = requireAdmitted(admission);
  try {
    const run = { reservation: admitted.reservation, settled };
    return await writes.run((redis) => journal.over(redis).rerun(job, run));
  } catch (error) {
    // Refused may also be the second try of one that was heard, whose reply was lost.
    if (error instanceof RequestError && neverRun.has(error.code)) await giveBackOrphan(parts, applicant, admitted);
    throw error;
  }
}

const neverRun: ReadonlySet<string> = new Set(['job_not_found', 'job_not_retryable']);

/** Forgets an ended job, and what it has cost with it: that is settled first. */
export async function deleteJob(parts: ApiParts, request: Request, response: Response, caller: Caller): Promise<void> {
  const { id } = await ownJob(parts, caller, String(request.params.id));
  const settled = await settleEnded(parts, id);
  const reply = await parts.writes.run((redis) => parts.journal.over(redis).forget(id, caller.tenant, settled));
  if (reply === 'missing') throw jobNotFound(id);
  if (reply === 'refused') {
    throw new RequestError('job_not_ended', 'The job has not ended; cancel it first.', { param: 'id' });
  }
  sendJson(response, 200, { id, object: 'job', deleted: true });
}
