/**
 * How deep each lane is, over all cells: what autoscaling goes by, and what operators look at. Read from Redis when asked, at most once
 * in two seconds; submits and dispatches keep no count for it.
 */
import { type Cell, scripts } from '@holdfast/cell';
import type { LaneDepth } from '@holdfast/core';
import type { BullQueues } from '../bullmq/bull-queues.ts';

const CACHED_MS = 2_000;

interface DepthOptions {
  cells: readonly { cell: Cell; bull: BullQueues }[];
  lanes: readonly string[];
}

export class LaneDepths {
  readonly #options: DepthOptions;
  #read: { at: number; depths: Promise<LaneDepth[]> } | null = null;

  constructor(options: DepthOptions) {
    this.#options = options;
  }

  /** All lanes, at most two seconds old. Throws what the connection throws. */
  async read(): Promise<LaneDepth[]> {
    const now = performance.now();
    if (this.#read && now - this.#read.at < CACHED_MS) return this.#read.depths;
    const read = { at: now, depths: Promise.all(this.#options.lanes.map((lane) => this.#readLane(lane))) };
    this.#read = read;
    try {
      return await read.depths;
    } catch (error) {
      if (this.#read === read) this.#read = null;
      throw error;
    }
  }

  async #readLane(lane: string): Promise<LaneDepth> {
    const all = await Promise.all(this.#options.cells.map((one) => readCell(one, lane)));
    const sum = (of: Exclude<keyof LaneDepth, 'lane'>) => all.reduce((total, one) => total + one[of], 0);
    return {
      lane,
      waitingJobs: sum('waitingJobs'),
      delayedJobs: sum('delayedJobs'),
      runningJobs: sum('runningJobs'),
      waitingTokens: sum('waitingTokens'),
      oldestWaitS: Math.max(...all.map(({ oldestWaitS }) => oldestWaitS)),
    };
  }
}

type CellDepth = Omit<LaneDepth, 'lane'>;

async function readCell({ cell, bull }: DepthOptions['cells'][number], lane: string): Promise<CellDepth> {
  const [reply, handedOver] = await Promise.all([
    scripts.depth.run(cell, [lane]),
    bull.queue(lane).getJobCounts('waiting', 'prioritized', 'active'),
  ]);
  const [placed, delayedJobs, permits, oldestMs, meanTokens] = (reply as (string | number)[]).map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const { waiting = 0, prioritized = 0, active = 0 } = handedOver;
  // What was handed to BullMQ holds a permit, and waits all the same until a worker claims it.
  const waitingJobs = Math.max(0, placed - delayedJobs - permits) + waiting + prioritized;
  return {
    waitingJobs,
    delayedJobs,
    runningJobs: active,
    waitingTokens: Math.round(waitingJobs * meanTokens),
    oldestWaitS: Math.max(0, oldestMs) / 1_000,
  };
}
