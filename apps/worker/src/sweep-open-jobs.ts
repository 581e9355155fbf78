/**
 * A duty: hands over again what the queue has lost. A crash between accept and enqueue leaves an accepted job that the
 * queue doesn't know; deleted queue keys leave many. Because of this sweep, BullMQ's state may be lost altogether. Jobs of a
 * lane that was renamed or removed would wait for ever: they are handed over to the lane that serves them now.
 *
 *   0. every 5 s: are more jobs open than the queue holds? or has nobody looked at each for a while? else nothing is done
 *   1. one process at a time, by a lock that outlives a sweep
 *   2. page through the open jobs that were accepted a while ago
 *   3. those that the queue doesn't hold, or holds where nobody looks, get a new release, and are enqueued
 *
 * A crash between the new release and its enqueueing leaves a job that the next sweep finds again.
 */
import type { JobQueue, Logger } from '@holdfast/core';
import { countOpenJobs, type Journal, type OpenJob, readOpenJobs } from '@holdfast/journal';

export interface SweepParts {
  journal: Journal;
  queue: JobQueue;
  logger: Logger;
  /** The lane that a job belongs to, where nobody serves its own any more; null: it stays. Default: all stay. */
  newLaneOf?: (job: OpenJob) => Promise<string | null>;
  /** Jobs younger than this, in ms, may just be on their way to the queue. */
  graceMs: number;
}

const PAGE = 200;
const LOCK_MS = 60_000;
const SWEEP_EVERY_MS = 5_000;
/** A job whose loss the numbers don't show is found after this, or later where looking at all of them would cost much. */
const LOOK_AT_ALL_EVERY_MS = 60_000;
/** Looking at all takes no more than such a share of one core. */
const MOST_OF_A_CORE = 0.01;
const GRACE_MS = 5_000;

/**
 * Sweeps, where it is due, every 5 s until the returned function is called. A sweep that fails is tried again at the next.
 * @param parts `held`: how many jobs the queue holds
 */
export function startSweeping(parts: Omit<SweepParts, 'graceMs'> & { held: () => Promise<number> }): () => void {
  const { logger, journal, held } = parts;
  const sweep = async () => {
    if (await isSweepDue(journal, held)) await sweepOpenJobs({ ...parts, graceMs: GRACE_MS });
  };
  const timer = setInterval(() => {
    sweep().catch((error: unknown) => logger.warn({ error }, 'sweep failed'));
  }, SWEEP_EVERY_MS);
  return () => clearInterval(timer);
}

/** Looking at each of 10,000 waiting jobs costs a third of a second; counting them costs nothing. */
export async function isSweepDue({ redis, prefix }: Journal, held: () => Promise<number>): Promise<boolean> {
  const [open, looked] = await Promise.all([countOpenJobs({ redis, prefix }), redis.exists(sweptKey(prefix))]);
  return looked === 0 || open > (await held());
}

const sweptKey = (prefix: string) => `${prefix}:swept`;

/** One sweep. Returns how many jobs were handed over again, or null when another process sweeps. */
export async function sweepOpenJobs(parts: SweepParts): Promise<number | null> {
  const { redis, prefix } = parts.journal;
  const lock = `${prefix}:sweeping`;
  if ((await redis.set(lock, '1', 'PX', LOCK_MS, 'NX')) === null) return null;
  try {
    const began = performance.now();
    let recovered = 0;
    let offset: number | null = 0;
    const before = Date.now() - parts.graceMs;
    while (offset !== null) {
      const { jobs, next } = await readOpenJobs(parts.journal, offset, PAGE, before);
      recovered += await recover(parts, jobs);
      offset = next;
    }
    const restMs = Math.max(LOOK_AT_ALL_EVERY_MS, (performance.now() - began) / MOST_OF_A_CORE);
    await redis.set(sweptKey(prefix), '1', 'PX', Math.ceil(restMs));
    return recovered;
  } finally {
    await redis.del(lock);
  }
}

async function recover(parts: SweepParts, jobs: OpenJob[]): Promise<number> {
  const lost = await parts.queue.unknown(jobs);
  let recovered = 0;
  for (const job of jobs) {
    const newLane = (await parts.newLaneOf?.(job)) ?? null;
    if (newLane === null && !lost.has(job.jobId)) continue;
    if (await handOverAgain(parts, job, newLane)) recovered += 1;
  }
  return recovered;
}

async function handOverAgain(
  { journal, queue, logger }: SweepParts,
  job: OpenJob,
  newLane: string | null,
): Promise<boolean> {
  const release = await journal.renewRelease(job, newLane ?? '');
  if (release === null) return false;
  const { attempt: _, ...again } = job;
  const lane = newLane ?? job.lane;
  await queue.enqueue({ ...again, lane, release, again: true });
  const fields = { jobId: job.jobId, release, lane };
  if (newLane === null) logger.warn(fields, 'the queue had lost this job; handed over again');
  else {
    // Void by now, but counted among those that wait or run.
    await queue.abandon(job);
    logger.warn({ ...fields, oldLane: job.lane }, 'nobody serves the lane of this job any more; it goes to another');
  }
  return true;
}
