/** Cancels a job. Idempotent. */
import type { Logger } from '@holdfast/core';
import { type CancelReply, type LiveFeed, type OwnedJob, waitForEnd } from '@holdfast/journal';
import type { DurableWrites } from '@holdfast/redis';
import type { JobCell } from './cells.ts';

/** Workers obey a cancel within a second. The answer waits this long, so that it can say "cancelled". */
const CANCEL_WAIT_MS = 1_500;

export interface CancelNeeds {
  writes: Pick<DurableWrites, 'run'>;
  feed: LiveFeed;
  logger: Pick<Logger, 'warn'>;
}

type QueuedCell = Pick<JobCell, 'journal' | 'queue'>;

/** Stores the request to cancel, durably; ends the job if no worker runs it. Nobody has to wait for anything else. */
export async function requestCancel(
  { writes, logger }: Pick<CancelNeeds, 'writes' | 'logger'>,
  { journal, queue }: QueuedCell,
  id: string,
): Promise<CancelReply['kind']> {
  // The request to cancel is stored before anything else, so it outlives every process that might obey it.
  const reply = await writes.run((redis) => journal.over(redis).cancel(id));
  if (reply.kind === 'cancelled') await takeOffQueue(queue, logger, id, reply);
  return reply.kind;
}

/** The same, and waits a little for the worker. @returns the job as it is afterwards; null: it is gone */
export async function cancelJob(
  needs: CancelNeeds,
  cell: QueuedCell,
  id: string,
  gone: AbortSignal,
): Promise<OwnedJob | null> {
  await requestCancel(needs, cell, id);
  const over = AbortSignal.any([gone, AbortSignal.timeout(CANCEL_WAIT_MS)]);
  return waitForEnd(cell.journal, needs.feed, id, over);
}

/** Only tidies up: a worker that claims an ended job sees that it has ended. */
async function takeOffQueue(
  queue: JobCell['queue'],
  logger: CancelNeeds['logger'],
  jobId: string,
  { release, lane, unblocked }: Extract<CancelReply, { kind: 'cancelled' }>,
): Promise<void> {
  await queue.discard(lane, { jobId, release }, unblocked).catch((error: unknown) => {
    logger.warn({ jobId, error }, 'cancelled, but not taken off the queue');
  });
}
