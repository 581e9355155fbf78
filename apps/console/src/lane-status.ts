/** Lanes as the console sees them: what waits in the feed, what BullMQ has, the limits, whether they are paused. */
import type { LaneLimits, Lanes, Limits } from '@holdfast/core';
import { LaneQueues } from '@holdfast/queue';
import type { Redis } from '@holdfast/redis';

export const countNames = ['waiting', 'active', 'delayed', 'completed', 'failed'] as const;
type LaneCounts = Record<(typeof countNames)[number], number>;

export interface LaneStatus {
  name: string;
  /** Patterns of the models it serves. */
  models: string[];
  /** While it is paused its jobs wait; those that run go on. */
  paused: boolean;
  /** The limits that count now. */
  limits: LaneLimits;
  /** Where these come from: set at run time they count until they are set to null. */
  limits_from: 'config' | 'admin';
  /** `completed` and `failed` are recent ones only: BullMQ drops ended jobs after a while. */
  counts: LaneCounts;
}

/** What an admin may change of a lane. */
export interface LaneChange {
  paused?: boolean | undefined;
  /** All of its limits; null: those of the config file count again. */
  limits?: LaneLimits | null | undefined;
}

export interface OpenLanes {
  readonly names: readonly string[];
  readonly queues: LaneQueues;
  statuses(): Promise<LaneStatus[]>;
  /** Changes a lane, for all workers, at once. Null: there is no such lane. */
  change(name: string, change: LaneChange): Promise<LaneStatus | null>;
  /** Pauses or resumes a lane. */
  setPaused(name: string, paused: boolean): Promise<void>;
  /** What a tenant may run from now on. */
  setTenantLimits(tenant: string, limits: Limits): Promise<void>;
  close(): Promise<void>;
}

export function openLanes(options: { redis: Redis; prefix: string; lanes: Lanes }): OpenLanes {
  const { redis, prefix, lanes } = options;
  // BullMQ repeats each error of the connection here; the connection has logged it, once per outage.
  const queues = new LaneQueues({ redis, prefix, onError: () => undefined });
  const names = Object.keys(lanes);

  async function status(name: string): Promise<LaneStatus> {
    const [found, fed, paused, { limits, atRunTime }] = await Promise.all([
      queues.queue(name).getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'completed', 'failed'),
      queues.feed.counts(name),
      queues.queue(name).isPaused(),
      queues.feed.laneLimits(name),
    ]);
    const { prioritized = 0, waiting = 0, active = 0, delayed = 0, completed = 0, failed = 0 } = found;
    return {
      name,
      models: lanes[name]?.models ?? [],
      paused,
      // A lane that no worker has served yet has its limits in the config file only.
      limits: Object.keys(limits).length > 0 || atRunTime ? limits : (lanes[name]?.limits ?? {}),
      limits_from: atRunTime ? 'admin' : 'config',
      counts: {
        waiting: fed.waiting + waiting + prioritized,
        active,
        delayed: fed.delayed + delayed,
        completed,
        failed,
      },
    };
  }

  async function setPaused(name: string, paused: boolean): Promise<void> {
    await Promise.all([
      paused ? queues.queue(name).pause() : queues.queue(name).resume(),
      queues.feed.setPaused(name, paused),
    ]);
    if (!paused) queues.pump(name);
  }

  return {
    names,
    queues,
    setPaused,
    statuses: () => Promise.all(names.map(status)),
    async change(name, { paused, limits }) {
      if (!names.includes(name)) return null;
      if (limits !== undefined) await queues.feed.setLaneLimits(name, limits);
      if (paused !== undefined) await setPaused(name, paused);
      queues.pump(name);
      return status(name);
    },
    setTenantLimits: (tenant, limits) => queues.setTenantLimits(tenant, limits),
    close: () => queues.close(),
  };
}
