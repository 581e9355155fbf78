/** `GET /v1/jobs/{id}`: the job, now or (`?wait=SECONDS`) when it has ended. */
import { type Caller, hasEnded, RequestError } from '@holdfast/core';
import { type OwnedJob, waitForEnd } from '@holdfast/journal';
import type { Request, Response } from '@holdfast/service';
import { keyRefused } from '../access/authenticate.ts';
import { ownedBy, ownJob } from '../access/own-job.ts';
import { etagOf, isNotModified } from '../http/etag.ts';
import { sendJob, sendNotModified } from '../http/send-job.ts';
import { untilGone } from '../http/until-gone.ts';
import type { ApiParts } from '../parts.ts';

const LONGEST_WAIT_S = 60;

function waitSecondsOf(request: Request): number {
  const { wait = '0' } = request.query;
  if (typeof wait !== 'string' || !/^\d{1,3}(\.\d{1,3})?$/.test(wait) || Number(wait) > LONGEST_WAIT_S) {
    throw new RequestError('validation_failed', `wait: a number of seconds, 0 to ${LONGEST_WAIT_S}`, { param: 'wait' });
  }
  return Number(wait);
}

/** How long the answer is to wait, in ms; 0 where that makes no sense, which `getJob` refuses. */
export function waitAskedFor(request: Request): number {
  const seconds = Number(request.query.wait);
  return seconds > 0 && seconds <= LONGEST_WAIT_S ? seconds * 1_000 : 0;
}

export async function getJob(parts: ApiParts, request: Request, response: Response, caller: Caller): Promise<void> {
  const waitMs = waitSecondsOf(request) * 1_000;
  const id = String(request.params.id);
  let found = await ownJob(parts, caller, id);
  if (waitMs > 0 && !hasEnded(found.job.status)) found = await held(parts, response, caller, id, waitMs);
  if (isNotModified(request, etagOf(found.job))) return sendNotModified(response, found.job);
  await sendJob(parts, response, caller, { status: 200, found });
}

/** The job when it has ended or the time is over. @throws RequestError `unauthenticated` where the key is revoked meanwhile */
async function held(
  parts: ApiParts,
  response: Response,
  caller: Caller,
  id: string,
  waitMs: number,
): Promise<OwnedJob> {
  const revoked = new AbortController();
  const release = parts.held.hold(response, () => revoked.abort());
  try {
    const over = [untilGone(response), parts.stopping, AbortSignal.timeout(waitMs), revoked.signal];
    const { journal } = parts.cells.of(caller.tenant);
    const found = await waitForEnd(journal, parts.feed, id, AbortSignal.any(over));
    if (revoked.signal.aborted) throw keyRefused();
    return ownedBy(caller, id, found);
  } finally {
    release();
  }
}
