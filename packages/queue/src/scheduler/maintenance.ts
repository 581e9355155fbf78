/**
 * The maintenance of a cell: what no step of a job's life does, because of a crash, or because time has passed. Worker processes do
 * it besides running jobs:
 *
 *   four times a second  each process dispatches its lanes, in case no other process did; that is cheap where nothing may run
 *   once a second, one process of all
 *     1. checks permits that are old enough
 *          BullMQ has the release waiting or active   it is checked again later
 *          BullMQ doesn't know it                     a crash before the hand-over, or a job removed by hand: hand it over
 *          BullMQ has it as ended                     it was acknowledged by mistake: make a new release
 *     2. repairs the scheduler, if more jobs are open than placed: its keys were lost, and all open jobs are checked, page by page
 *     3. removes expired jobs from the lists
 *     4. lists all jobs, if the list of all jobs lacks some: an older version has created them
 *
 * At its start a process stores the limits of all tenants with jobs: otherwise a changed plan would affect waiting jobs only when
 * their tenant submits another.
 */
import type { LaneLimits, Logger } from '@holdfast/core';
import type { LaneQueues } from '../bullmq/lane-queues.ts';
import type { PageEnd } from './scheduler.ts';

const DISPATCH_EVERY_MS = 250;
const MAINTAIN_EVERY_MS = 1_000;
const LIST_EVERY_MS = 60_000;
const CHECK_AGAIN_MS = 5_000;
const MAX_CHECKS = 500;
/** Jobs per page, so that no script takes more than a millisecond. */
const PAGE = 50;

interface MaintenanceOptions {
  queues: LaneQueues;
  /** Limits by lane, as the config file has them. */
  lanes: Readonly<Record<string, { limits: LaneLimits }>>;
  logger: Logger;
  onRepair?: OnRepair;
}

/**
 * handed_over   BullMQ did not know the release of a job with a permit
 * released      BullMQ had it as ended: the job got a new release
 * placed        the scheduler had lost the job
 * dropped       the list of open jobs had one that had ended
 */
export type Repair = 'handed_over' | 'released' | 'placed' | 'dropped';

/** For statistics. */
type OnRepair = (what: Repair, jobs: number) => void;

/** Maintains the cell until the returned function is called. Failures are logged and retried. */
export function startMaintenance({ queues, lanes, logger, onRepair }: MaintenanceOptions): () => void {
  const names = Object.keys(lanes);
  let stored: Promise<void> | null = null;
  const once = async () => {
    // Every time, because all keys of the scheduler may have been lost.
    for (const [lane, { limits }] of Object.entries(lanes)) await queues.scheduler.setConfiguredLimits(lane, limits);
    await maintain(queues, logger, onRepair);
    stored ??= queues.storeLimits();
    await stored.catch((error: unknown) => {
      stored = null;
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

/** Runs all maintenance tasks once, unless another process has just done so. */
export async function maintain(
  queues: LaneQueues,
  logger: Logger,
  onRepair: OnRepair = () => undefined,
): Promise<void> {
  const { scheduler } = queues;
  if (!(await scheduler.isMyTurn('maintenance', MAINTAIN_EVERY_MS))) return;
  const { open, placed, unlisted, lanes } = await scheduler.placement();
  for (const lane of lanes) await checkPermits(queues, lane, logger, onRepair);
  if (open > placed) await repair(queues, logger, onRepair);
  await removeExpired(queues, logger);
  // Not at once again: while processes of an older version run, some will be missing soon.
  if (unlisted > 0 && (await scheduler.isMyTurn('list', LIST_EVERY_MS))) await listAll(queues, logger);
}

async function removeExpired({ scheduler }: LaneQueues, logger: Logger): Promise<void> {
  let lost = 0;
  for (let isMore = true; isMore; ) {
    const { checked, notArchived } = await scheduler.removeExpired(PAGE);
    lost += notArchived;
    isMore = checked === PAGE;
  }
  if (lost > 0) logger.error({ jobs: lost }, 'these jobs expired before they were archived: the archive lacks them');
}

async function checkPermits(queues: LaneQueues, lane: string, logger: Logger, onRepair: OnRepair): Promise<void> {
  const { scheduler, ready } = queues;
  const releases = await scheduler.permitsToCheck(lane, CHECK_AGAIN_MS, MAX_CHECKS);
  const states = await Promise.all(releases.map((release) => ready.stateOf(lane, release)));
  const missing = releases.filter((_, at) => states[at] === 'missing');
  await ready.add(lane, missing);
  if (missing.length > 0) onRepair('handed_over', missing.length);
  const ended = releases.filter((_, at) => states[at] === 'ended');
  for (const release of ended) {
    const waitsIn = await scheduler.handOverAgain(release);
    if (waitsIn === null) continue;
    onRepair('released', 1);
    queues.dispatch(waitsIn);
  }
  const jobs = [...missing, ...ended].map(({ jobId }) => jobId);
  if (jobs.length > 0) logger.warn({ lane, jobs }, 'BullMQ did not have these jobs; they were handed over again');
}

/** Checks every open job once. For a million jobs it takes some seconds of Redis' time, in steps of less than a millisecond. */
async function repair(queues: LaneQueues, logger: Logger, onRepair: OnRepair): Promise<void> {
  const counts = { dropped: 0, placed: 0 };
  let end: PageEnd = null;
  do {
    const page = await queues.scheduler.repair(end, PAGE);
    counts.dropped += page.dropped;
    counts.placed += page.placed;
    queues.dispatch(...page.lanes);
    end = page.end;
  } while (end);
  for (const what of ['placed', 'dropped'] as const) if (counts[what] > 0) onRepair(what, counts[what]);
  logger.warn(counts, 'the scheduler had lost jobs; they were placed again');
}

/** As long as `repair`, in the same small steps. */
async function listAll(queues: LaneQueues, logger: Logger): Promise<void> {
  for (const set of ['open', 'expiring'] as const) {
    let end: PageEnd = null;
    do end = await queues.scheduler.list(set, end, PAGE);
    while (end);
  }
  logger.info({}, 'jobs that were missing in the list of all jobs are listed');
}
