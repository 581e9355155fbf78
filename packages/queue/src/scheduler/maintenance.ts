/**
 * The maintenance of a cell: what no step of a job's life does, because a crash came between, or time has passed. A worker
 * process's part besides running jobs:
 *
 *   four times a second  its lanes are dispatched, which finds what every other process failed to do; where nothing may run that
 *                        costs next to nothing
 *   once a second, one process of all
 *     1. permits that nobody has looked at for a while
 *          BullMQ has the release waiting or active   it is checked again in a while
 *          BullMQ doesn't know it                     a crash before the hand-over, or a job removed by hand: handed over
 *          BullMQ has it ended                        its worker was told so by mistake: a new release
 *     2. more jobs are open than placed               the scheduler's keys were lost: all open jobs are gone through once, by pages
 *     3. ended jobs whose time is over                leave their tenants' lists
 *
 * At its start it passes on what tenants may run by now: else a changed plan would reach jobs that wait only when their tenant
 * submits another.
 */
import type { LaneLimits, Logger } from '@holdfast/core';
import type { LaneQueues } from '../bullmq/lane-queues.ts';
import type { PageEnd } from './scheduler.ts';

const DISPATCH_EVERY_MS = 250;
const MAINTAIN_EVERY_MS = 1_000;
const CHECK_AGAIN_MS = 5_000;
const MAX_CHECKS = 500;
/** Of open jobs, or of expired ones: so that no script takes more than a millisecond. */
const PAGE = 50;

interface MaintenanceOptions {
  queues: LaneQueues;
  /** Limits by lane, as the config file has them. */
  lanes: Readonly<Record<string, { limits: LaneLimits }>>;
  logger: Logger;
}

/** Maintains the cell until the returned function is called. Failures are logged, and tried again. */
export function startMaintenance({ queues, lanes, logger }: MaintenanceOptions): () => void {
  const names = Object.keys(lanes);
  let passedOn: Promise<void> | null = null;
  const once = async () => {
    // Again and again: all of the scheduler's keys may have been lost.
    for (const [lane, { limits }] of Object.entries(lanes)) await queues.scheduler.setConfiguredLimits(lane, limits);
    await maintain(queues, logger);
    passedOn ??= queues.passOnLimits();
    await passedOn.catch((error: unknown) => {
      passedOn = null;
      throw error;
    });
  };
  let isBusy = false;
  const quietly = async () => {
    if (isBusy) return;
    isBusy = true;
    await once().catch((error: unknown) => logger.warn({ error }, 'maintenance failed'));
    isBusy = false;
  };
  void quietly();
  const maintaining = setInterval(() => void quietly(), MAINTAIN_EVERY_MS);
  const dispatching = setInterval(() => queues.dispatch(...names), DISPATCH_EVERY_MS);
  return () => {
    clearInterval(maintaining);
    clearInterval(dispatching);
  };
}

/** One round, unless another process has just made one. */
export async function maintain(queues: LaneQueues, logger: Logger): Promise<void> {
  const { scheduler } = queues;
  if (!(await scheduler.isMyTurn('maintenance', MAINTAIN_EVERY_MS))) return;
  const { open, placed, lanes } = await scheduler.placement();
  for (const lane of lanes) await checkPermits(queues, lane, logger);
  if (open > placed) await repair(queues, logger);
  while ((await scheduler.removeExpired(PAGE)) === PAGE);
}

async function checkPermits(queues: LaneQueues, lane: string, logger: Logger): Promise<void> {
  const { scheduler, ready } = queues;
  const releases = await scheduler.permitsToCheck(lane, CHECK_AGAIN_MS, MAX_CHECKS);
  const states = await Promise.all(releases.map((release) => ready.stateOf(lane, release)));
  const missing = releases.filter((_, at) => states[at] === 'missing');
  await ready.add(lane, missing);
  const ended = releases.filter((_, at) => states[at] === 'ended');
  for (const release of ended) {
    const waitsIn = await scheduler.handOverAgain(release);
    if (waitsIn !== null) queues.dispatch(waitsIn);
  }
  const jobs = [...missing, ...ended].map(({ jobId }) => jobId);
  if (jobs.length > 0) logger.warn({ lane, jobs }, 'the queue did not have these jobs; handed over again');
}

/** Every open job is looked at once; costs some seconds of Redis for a million of them, in steps of less than a millisecond. */
async function repair(queues: LaneQueues, logger: Logger): Promise<void> {
  const counts = { dropped: 0, placed: 0 };
  let end: PageEnd = null;
  do {
    const page = await queues.scheduler.repair(end, PAGE);
    counts.dropped += page.dropped;
    counts.placed += page.placed;
    queues.dispatch(...page.lanes);
    end = page.end;
  } while (end);
  logger.warn(counts, 'the scheduler had lost jobs; they wait again');
}
