/** `POST /v1/jobs/{id}/cancel`: cancels a job. Idempotent; the answer is the job as it is afterwards. */
import type { JobSummary, Logger } from '@holdfast/core';
import { type CancelReply, type LiveFeed, waitForEnd } from '@holdfast/journal';
import type { DurableWrites } from '@holdfast/redis';
import type { CallerHandler } from '../access/authenticate.ts';
import { ownedBy, ownSummary } from '../access/own-job.ts';
import type { ApiCell, TenantCells } from '../cells.ts';
import type { SendJob } from '../http/send-job.ts';
import { untilGone } from '../http/until-gone.ts';
import type { Statistics } from '../statistics.ts';

/** Workers obey a cancel within a second. The answer waits this long, so that it can say "cancelled". */
const CANCEL_WAIT_MS = 1_500;

interface CancelRoute {
  cells: TenantCells<'journal' | 'queue'>;
  writes: Pick<DurableWrites, 'run'>;
  feed: LiveFeed;
  logger: Pick<Logger, 'warn'>;
  statistics: Pick<Statistics, 'jobEnded'>;
  sendJob: SendJob;
}

export function cancelJob({ cells, writes, feed, logger, statistics, sendJob }: CancelRoute): CallerHandler {
  return async (request, response, caller) => {
    const { job } = await ownSummary(cells, caller, request);
    const { id } = job;
    const { journal, queue } = cells.of(caller.tenant);
    // The request to cancel is stored before anything else, so it outlives every process that might obey it.
    const reply = await writes.run((redis) => journal.over(redis).cancel(id));
    if (reply.kind === 'cancelled') {
      statistics.jobEnded(endOf(caller.tenant, job));
      await takeOffQueue(queue, logger, id, reply);
    }
    const over = AbortSignal.any([untilGone(response), AbortSignal.timeout(CANCEL_WAIT_MS)]);
    const found = ownedBy(caller, id, await waitForEnd(journal, feed, id, over));
    await sendJob(response, caller, { status: 200, found });
  };
}

/** It was cancelled while it waited: no worker reports its end. */
function endOf(tenant: string, { lane, task, created_at }: JobSummary) {
  const seconds = Math.max(0, Date.now() - Date.parse(created_at)) / 1_000;
  return { tenant, lane, task, outcome: 'cancelled', code: null, provider: null, seconds } as const;
}

/** Only tidies up: a worker that claims an ended job sees that it has ended. */
async function takeOffQueue(
  queue: ApiCell['queue'],
  logger: CancelRoute['logger'],
  jobId: string,
  { release, lane, unblocked }: Extract<CancelReply, { kind: 'cancelled' }>,
): Promise<void> {
  await queue.discard(lane, { jobId, release }, unblocked).catch((error: unknown) => {
    logger.warn({ jobId, error }, 'cancelled, but not taken off the queue');
  });
}
