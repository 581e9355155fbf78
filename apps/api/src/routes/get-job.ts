/** `GET /v1/jobs/{id}`: the job, now or (`?wait=SECONDS`) when it has ended. */

import { type Caller, hasEnded, RequestError } from '@holdfast/core';
import type { TenantCells } from '@holdfast/jobs';
import { type LiveFeed, type OwnedJob, waitForEnd } from '@holdfast/journal';
import { type Request, type Response, untilGone } from '@holdfast/service/http';
import { type CallerHandler, keyRefused } from '../access/authenticate.ts';
import { ownedBy, ownJob } from '../access/own-job.ts';
import type { HeldRequests } from '../bounds/held-requests.ts';
import { etagOf, isNotModified } from '../http/etag.ts';
import { type SendJob, sendNotModified } from '../http/send-job.ts';

const MAX_WAIT_S = 60;

interface WaitNeeds {
  cells: TenantCells<'journal'>;
  feed: LiveFeed;
  held: Pick<HeldRequests, 'hold'>;
  stopping: AbortSignal;
}

export function getJob({ sendJob, ...needs }: WaitNeeds & { sendJob: SendJob }): CallerHandler {
  return async (request, response, caller) => {
    const waitMs = waitSecondsOf(request) * 1_000;
    let found = await ownJob(needs.cells, caller, request);
    if (waitMs > 0 && !hasEnded(found.job.status)) found = await wait(needs, response, caller, found.job.id, waitMs);
    if (isNotModified(request, etagOf(found.job))) return sendNotModified(response, found.job);
    await sendJob(response, caller, { status: 200, found });
  };
}

function waitSecondsOf(request: Request): number {
  const { wait = '0' } = request.query;
  if (typeof wait !== 'string' || !/^\d{1,3}(\.\d{1,3})?$/.test(wait) || Number(wait) > MAX_WAIT_S) {
    throw new RequestError('validation_failed', `wait: expected a number of seconds, 0 to ${MAX_WAIT_S}`, {
      param: 'wait',
    });
  }
  return Number(wait);
}

/** How long the client asks the answer to wait, in ms; 0 where the number makes no sense, which `getJob` refuses. */
export function requestedWaitMs(request: Request): number {
  const seconds = Number(request.query.wait);
  return seconds > 0 && seconds <= MAX_WAIT_S ? seconds * 1_000 : 0;
}

/** The job when it has ended or the time is over. @throws RequestError `unauthenticated` where the key is revoked meanwhile */
async function wait(
  { cells, feed, held, stopping }: WaitNeeds,
  response: Response,
  caller: Caller,
  id: string,
  waitMs: number,
): Promise<OwnedJob> {
  const revoked = new AbortController();
  const release = held.hold(response, () => revoked.abort());
  try {
    const over = [untilGone(response), stopping, AbortSignal.timeout(waitMs), revoked.signal];
    const found = await waitForEnd(cells.of(caller.tenant).journal, feed, id, AbortSignal.any(over));
    if (revoked.signal.aborted) throw keyRefused();
    return ownedBy(caller, id, found);
  } finally {
    release();
  }
}
