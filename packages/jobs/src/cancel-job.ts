/** Cancels a job. Idempotent. */
import type { EndedJob, Logger } from '@holdfast/core';
import { type CancelReply, type LiveFeed, type OwnedJob, type OwnedSummary, waitForEnd } from '@holdfast/journal';
import type { DurableWrites } from '@holdfast/redis';
import type { JobCell } from './cells.ts';

/** Workers obey a cancel within a second. The answer waits this long, so that it can say "cancelled". */
const CANCEL_WAIT_MS = 1_500;

export interface CancelNeeds {
  writes: Pick<DurableWrites, 'run'>;
  feed: LiveFeed;
  logger: Pick<Logger, 'warn'>;
  /** It was cancelled while it waited: no worker reports its end. For statistics. */
  onEnded: (job: EndedJob) => void;
}

type Cancelled = Pick<OwnedSummary, 'tenant' | 'job'>;

type QueuedCell = Pick<JobCell, 'journal' | 'queue'>;

/** Stores the request to cancel, durably; ends the job if no worker runs it. Nobody has to wait for anything else. */
export async function requestCancel(
  { writes, logger, onEnded }: Omit<CancelNeeds, 'feed'>,
  { journal, queue }: QueuedCell,
  { tenant, job }: Cancelled,
): Promise<CancelReply['kind']> {
  // The request to cancel is stored before anything else, so it outlives every process that might obey it.
  const reply = await writes.run((redis) => journal.over(redis).cancel(job.id));
  if (reply.kind === 'cancelled') {
    onEnded(endOf(tenant, job));
    await takeOffQueue(queue, logger, job.id, reply);
  }
  return reply.kind;
}

/** The same, and waits a little for the worker. @returns the job as it is afterwards; null: it is gone */
export async function cancelJob(
  needs: CancelNeeds,
  cell: QueuedCell,
  summary: Cancelled,
  gone: AbortSignal,
): Promise<OwnedJob | null> {
  await requestCancel(needs, cell, summary);
  const over = AbortSignal.any([gone, AbortSignal.timeout(CANCEL_WAIT_MS)]);
  return waitForEnd(cell.journal, needs.feed, summary.job.id, over);
}

function endOf(tenant: string, { lane, task, created_at }: Cancelled['job']): EndedJob {
  const seconds = Math.max(0, Date.now() - Date.parse(created_at)) / 1_000;
  return { tenant, lane, task, outcome: 'cancelled', code: null, provider: null, seconds };
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
