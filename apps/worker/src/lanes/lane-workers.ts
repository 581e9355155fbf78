/**
 * The workers of all lanes in this process, and how they stop:
 *
 *   1. take no more jobs
 *   2. hand over at once the jobs that another worker can resume where they are
 *   3. let the others go on for `drainMs`
 *   4. hand the rest back to the queue: their attempts end as `deferred`
 *   5. abandon what still hangs: its lock expires, and another process claims it
 */
import type { Cell } from '@holdfast/cell';
import type { Logger, Outcome, ReleaseName } from '@holdfast/core';
import { type LaneLoad, type LaneQueues, LaneWorker, type WorkedLane } from '@holdfast/queue';
import type { RunningAttempts } from '../attempt/running-attempts.ts';

const HAND_OVER_EVERY_MS = 100;
/** Time to write the ends of attempts that are handed back, in ms. */
const HAND_BACK_MS = 3_000;

interface LaneWorkersOptions {
  /** How many jobs of each lane this process takes at once. */
  lanes: ReadonlyMap<string, number>;
  cell: Cell;
  queues: LaneQueues;
  logger: Logger;
  running: RunningAttempts;
  run: (release: ReleaseName, lockLost: AbortSignal) => Promise<Outcome>;
}

interface LaneWorkers {
  works: readonly WorkedLane[];
  /** What they run now. */
  lanes(): LaneLoad[];
  /** Never takes much longer than `drainMs`. */
  stop(drainMs: number): Promise<void>;
}

/** Starts taking jobs. Resolves once it does. */
export async function startLaneWorkers(options: LaneWorkersOptions): Promise<LaneWorkers> {
  const { lanes, running, ...shared } = options;
  const workers = [...lanes].map(([lane, concurrency]) => new LaneWorker({ ...shared, lane, concurrency }));
  await Promise.all(workers.map((worker) => worker.ready()));
  const stop = async (drainMs: number) => {
    const drained = Promise.all(workers.map((worker) => worker.drain()));
    // Repeatedly: a call whose response isn't stored yet becomes one that can be resumed.
    const handingOver = setInterval(() => running.handOver(), HAND_OVER_EVERY_MS);
    const finished = await within(drained, drainMs);
    clearInterval(handingOver);
    if (finished) return;
    shared.logger.info({ jobs: running.size }, 'handing unfinished jobs back');
    running.drain();
    if (await within(drained, HAND_BACK_MS)) return;
    await Promise.all(workers.map((worker) => worker.abandon()));
  };
  const lanesNow = () =>
    workers.map(({ works, running: jobs }) => ({ lane: works.lane, running: jobs, capacity: works.concurrency }));
  return { works: workers.map(({ works }) => works), lanes: lanesNow, stop };
}

async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const done = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return done;
}
