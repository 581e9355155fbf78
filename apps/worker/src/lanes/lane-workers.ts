/**
 * The workers of all lanes in this process, and how they stop:
 *
 *   1. take no more jobs
 *   2. hand over at once what another worker can take up where it is
 *   3. let the others go on for `drainMs`
 *   4. hand the rest back to the queue: their attempts end as `deferred`
 *   5. leave behind what still hangs; its lock runs out, and another process takes it up
 */
import type { Cell } from '@holdfast/cell';
import type { Logger, Outcome, ReleaseName } from '@holdfast/core';
import { type LaneQueues, LaneWorker, type WorkedLane } from '@holdfast/queue';
import type { RunningAttempts } from '../attempt/running-attempts.ts';

const HAND_OVER_EVERY_MS = 100;
/** Time to write the ends of what is handed back. */
const HAND_BACK_MS = 3_000;

interface LaneWorkersOptions {
  /** Lanes, each with the jobs at once that this process takes of it. */
  lanes: ReadonlyMap<string, number>;
  cell: Cell;
  queues: LaneQueues;
  logger: Logger;
  running: RunningAttempts;
  run: (release: ReleaseName, lockLost: AbortSignal) => Promise<Outcome>;
}

interface LaneWorkers {
  works: readonly WorkedLane[];
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
    // Again and again: a response that was being asked for becomes one that can be taken up.
    const handingOver = setInterval(() => running.handOver(), HAND_OVER_EVERY_MS);
    const finished = await within(drained, drainMs);
    clearInterval(handingOver);
    if (finished) return;
    shared.logger.info({ jobs: running.size }, 'handing unfinished jobs back');
    running.drain();
    if (await within(drained, HAND_BACK_MS)) return;
    await Promise.all(workers.map((worker) => worker.abandon()));
  };
  return { works: workers.map(({ works }) => works), stop };
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
