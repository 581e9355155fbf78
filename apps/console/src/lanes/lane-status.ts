/** The state of lanes: jobs in the scheduler and in BullMQ, limits, and whether a lane is paused. */
import { Cell, Cells } from '@holdfast/cell';
import type { EndedJob, LaneLimits, Lanes, Limits } from '@holdfast/core';
import { BullQueues, LaneDepths, LaneQueues } from '@holdfast/queue';
import type { Redis } from '@holdfast/redis';

export const countNames = ['waiting', 'active', 'delayed', 'completed', 'failed'] as const;
type LaneCounts = Record<(typeof countNames)[number], number>;

export interface LaneStatus {
  name: string;
  /** Patterns of the models it serves. */
  models: string[];
  /** While it is paused, its jobs wait. Running jobs go on. */
  paused: boolean;
  /** The limits in force. */
  limits: LaneLimits;
  /** Where the limits come from. Limits set at run time (`admin`) are in force until they are set to null. */
  limits_from: 'config' | 'admin';
  /** `completed` and `failed` are recent ones only: BullMQ drops ended jobs after a while. */
  counts: LaneCounts;
}

/** What an admin may change in a lane. */
export interface LaneChange {
  paused?: boolean | undefined;
  /** All of its limits; null: the limits of the config file are in force again. */
  limits?: LaneLimits | null | undefined;
}

/** A lane's queue in one cell. */
export interface CellQueue {
  cell: Cell;
  queues: LaneQueues;
  bull: BullQueues;
}

export interface OpenLanes {
  readonly names: readonly string[];
  /** One for each cell. */
  readonly cells: readonly CellQueue[];
  statuses(): Promise<LaneStatus[]>;
  /** For autoscaling and plots. */
  readonly depths: LaneDepths;
  /** Changes a lane, for all workers, at once. Null: there is no such lane. */
  change(name: string, change: LaneChange): Promise<LaneStatus | null>;
  /** Pauses or resumes a lane. */
  setPaused(name: string, paused: boolean): Promise<void>;
  /** Sets the run limits of a tenant, from now on. */
  setTenantLimits(tenant: string, limits: Limits): Promise<void>;
  close(): Promise<void>;
}

interface OpenLanesOptions {
  redis: Redis;
  prefix: string;
  lanes: Lanes;
  /** A dispatch of this process has failed a job past its deadline. For statistics. */
  onExpired?: (job: EndedJob) => void;
}

function openCell({ redis, prefix, onExpired = () => undefined }: OpenLanesOptions, name: string): CellQueue {
  // The console ends no job, so no retention is needed.
  const cell = new Cell({ redis, prefix, name, retentionMs: 0 });
  // BullMQ passes each connection error on. The connection has already logged it, once for each outage.
  const bull = new BullQueues(cell, () => undefined);
  return { cell, bull, queues: new LaneQueues({ cell, ready: bull, onError: () => undefined, onExpired }) };
}

async function countJobs({ queues, bull }: CellQueue, lane: string): Promise<LaneCounts> {
  const [found, scheduled] = await Promise.all([
    bull.queue(lane).getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'completed', 'failed'),
    queues.scheduler.counts(lane),
  ]);
  const { prioritized = 0, waiting = 0, active = 0, delayed = 0, completed = 0, failed = 0 } = found;
  return {
    waiting: scheduled.waiting + waiting + prioritized,
    active,
    delayed: scheduled.delayed + delayed,
    completed,
    failed,
  };
}

export function openLanes(options: OpenLanesOptions): OpenLanes {
  const { lanes } = options;
  const byCell = new Cells((name) => openCell(options, name));
  const cells = byCell.all;
  const first = byCell.of('');
  const names = Object.keys(lanes);

  async function status(name: string): Promise<LaneStatus> {
    const [counts, paused, { limits, atRunTime }] = await Promise.all([
      Promise.all(cells.map((cell) => countJobs(cell, name))),
      first.bull.queue(name).isPaused(),
      // The same in all cells.
      first.queues.scheduler.laneLimits(name),
    ]);
    const sum = (of: keyof LaneCounts) => counts.reduce((total, one) => total + one[of], 0);
    return {
      name,
      models: lanes[name]?.models ?? [],
      paused,
      // A lane that no worker has served yet has its limits in the config file only.
      limits: Object.keys(limits).length > 0 || atRunTime ? limits : (lanes[name]?.limits ?? {}),
      limits_from: atRunTime ? 'admin' : 'config',
      counts: Object.fromEntries(countNames.map((count) => [count, sum(count)])) as LaneCounts,
    };
  }

  async function setPaused(name: string, paused: boolean): Promise<void> {
    for (const { bull, queues } of cells) {
      await Promise.all([
        paused ? bull.queue(name).pause() : bull.queue(name).resume(),
        queues.scheduler.setPaused(name, paused),
      ]);
      if (!paused) queues.dispatch(name);
    }
  }

  return {
    names,
    cells,
    depths: new LaneDepths({ cells, lanes: names }),
    setPaused,
    statuses: () => Promise.all(names.map(status)),
    async change(name, { paused, limits }) {
      if (!names.includes(name)) return null;
      for (const { queues } of cells) if (limits !== undefined) await queues.scheduler.setLaneLimits(name, limits);
      if (paused !== undefined) await setPaused(name, paused);
      for (const { queues } of cells) queues.dispatch(name);
      return status(name);
    },
    setTenantLimits: (tenant, limits) => byCell.of(tenant).queues.setRunLimits(tenant, limits),
    async close() {
      for (const { queues, bull } of cells) await Promise.all([queues.close(), bull.close()]);
    },
  };
}
