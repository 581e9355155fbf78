/** Lanes as the console sees them: each one's BullMQ queue, its counts, whether it is paused. */
import type { Lanes } from '@holdfast/core';
import { openLaneQueue } from '@holdfast/queue';
import type { Redis } from '@holdfast/redis';

export type LaneQueue = ReturnType<typeof openLaneQueue>;

export const countNames = ['waiting', 'active', 'delayed', 'completed', 'failed'] as const;
type LaneCounts = Record<(typeof countNames)[number], number>;

export interface LaneStatus {
  name: string;
  /** Patterns of the models it serves. */
  models: string[];
  /** While it is paused its jobs wait; those that run go on. */
  paused: boolean;
  /** BullMQ's view: it drops ended jobs after a while, so `completed` and `failed` are recent ones only. */
  counts: LaneCounts;
}

export interface OpenLanes {
  readonly queues: readonly LaneQueue[];
  statuses(): Promise<LaneStatus[]>;
  /** Pauses or resumes a lane, for all workers. Null: there is no such lane. */
  setPaused(name: string, paused: boolean): Promise<LaneStatus | null>;
  close(): Promise<void>;
}

async function readStatus(name: string, models: string[], queue: LaneQueue): Promise<LaneStatus> {
  const [found, paused] = await Promise.all([
    queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'completed', 'failed'),
    queue.isPaused(),
  ]);
  const { prioritized = 0, waiting = 0, active = 0, delayed = 0, completed = 0, failed = 0 } = found;
  return { name, models, paused, counts: { waiting: waiting + prioritized, active, delayed, completed, failed } };
}

export function openLanes(options: { redis: Redis; prefix: string; lanes: Lanes }): OpenLanes {
  const { redis, prefix, lanes } = options;
  const open = new Map<string, { models: string[]; queue: LaneQueue }>();
  for (const [lane, { models }] of Object.entries(lanes)) {
    const queue = openLaneQueue({ redis, prefix, lane });
    // BullMQ repeats each error of the connection here; the connection has logged it, once per outage.
    queue.on('error', () => undefined);
    open.set(lane, { models, queue });
  }
  return {
    queues: [...open.values()].map(({ queue }) => queue),
    statuses: () => Promise.all([...open].map(([name, { models, queue }]) => readStatus(name, models, queue))),
    async setPaused(name, paused) {
      const lane = open.get(name);
      if (!lane) return null;
      await (paused ? lane.queue.pause() : lane.queue.resume());
      return readStatus(name, lane.models, lane.queue);
    },
    async close() {
      await Promise.all([...open.values()].map(({ queue }) => queue.close()));
    },
  };
}
