/** The state of lanes: jobs in the scheduler and in BullMQ, limits, and whether a lane is paused. */
import type { Lane, LaneChange } from '@holdfast/admin';
import type { Lanes, Limits } from '@holdfast/core';
import { healthOfLane, LaneDepths, type ProviderHealth, type SeenWorker } from '@holdfast/queue';
import type { ConsoleCell, ConsoleCells } from '../cells.ts';
import { showAddress } from '../settings/show-config.ts';

type Provider = Lanes[string]['providers'][number];

export const countNames = ['waiting', 'active', 'delayed', 'completed', 'failed'] as const;
type LaneCounts = Record<(typeof countNames)[number], number>;

/** A lane's queue in one cell. */
export type CellQueue = Pick<ConsoleCell, 'queue' | 'bull'>;

export interface OpenLanes {
  readonly names: readonly string[];
  /** One for each cell. */
  readonly cells: readonly CellQueue[];
  statuses(): Promise<Lane[]>;
  /** For autoscaling and plots. */
  readonly depths: LaneDepths;
  /** Changes a lane, for all workers, at once. Null: there is no such lane. */
  change(name: string, change: LaneChange): Promise<Lane | null>;
  /** Pauses or resumes a lane. */
  setPaused(name: string, paused: boolean): Promise<void>;
  /** Sets the run limits of a tenant, from now on. */
  setTenantLimits(tenant: string, limits: Limits): Promise<void>;
}

async function countJobs({ queue, bull }: CellQueue, lane: string): Promise<LaneCounts> {
  const [found, scheduled] = await Promise.all([
    bull.queue(lane).getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'completed', 'failed'),
    queue.scheduler.counts(lane),
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

/** @param readWorkers the workers that are alive */
export function openLanes(lanes: Lanes, byCell: ConsoleCells, readWorkers: () => Promise<SeenWorker[]>): OpenLanes {
  const cells = byCell.all;
  const first = byCell.of('');
  const names = Object.keys(lanes);

  const depths = new LaneDepths({ cells, lanes: names });

  async function status(name: string, workers: readonly SeenWorker[]): Promise<Lane> {
    const [counts, capacities, paused, { limits, atRunTime }, depth] = await Promise.all([
      Promise.all(cells.map((cell) => countJobs(cell, name))),
      Promise.all(cells.map(({ queue }) => queue.scheduler.capacity(name))),
      first.bull.queue(name).isPaused(),
      // The same in all cells.
      first.queue.scheduler.laneLimits(name),
      depths.read().then((all) => all.find(({ lane }) => lane === name)),
    ]);
    const sum = (of: keyof LaneCounts) => counts.reduce((total, one) => total + one[of], 0);
    return {
      name,
      models: lanes[name]?.models ?? [],
      paused,
      // A lane that no worker has served yet has its limits in the config file only.
      limits: Object.keys(limits).length > 0 || atRunTime ? limits : (lanes[name]?.limits ?? {}),
      limits_from: atRunTime ? 'admin' : 'config',
      config_limits: lanes[name]?.limits ?? {},
      counts: Object.fromEntries(countNames.map((count) => [count, sum(count)])) as LaneCounts,
      oldest_wait_s: depth?.waitingJobs ? depth.oldestWaitS : null,
      waiting_tokens: depth?.waitingTokens ?? null,
      capacity: Math.max(0, ...capacities),
      providers: showProviders(name, lanes[name]?.providers ?? [], workers),
    };
  }

  async function setPaused(name: string, paused: boolean): Promise<void> {
    for (const { bull, queue } of cells) {
      await Promise.all([
        paused ? bull.queue(name).pause() : bull.queue(name).resume(),
        queue.scheduler.setPaused(name, paused),
      ]);
      if (!paused) queue.dispatch(name);
    }
  }

  return {
    names,
    cells,
    depths,
    setPaused,
    async statuses() {
      const workers = await readWorkers();
      return Promise.all(names.map((name) => status(name, workers)));
    },
    async change(name, { paused, limits }) {
      if (!names.includes(name)) return null;
      for (const { queue } of cells) if (limits !== undefined) await queue.scheduler.setLaneLimits(name, limits);
      if (paused !== undefined) await setPaused(name, paused);
      for (const { queue } of cells) queue.dispatch(name);
      return status(name, await readWorkers());
    },
    setTenantLimits: (tenant, limits) => byCell.of(tenant).queue.setRunLimits(tenant, limits),
  };
}

/** Each with its health, as all workers together see it. */
function showProviders(
  lane: string,
  providers: readonly Provider[],
  workers: readonly SeenWorker[],
): Lane['providers'] {
  const names = providers.map(({ name }) => name);
  const statuses = workers.flatMap(({ status }) => status ?? []);
  const health = healthOfLane(lane, names, statuses);
  return providers.map((provider, at) => showProvider(provider, health[at]));
}

function showProvider({ name, base_url }: Provider, health: ProviderHealth | undefined): Lane['providers'][number] {
  const { state = 'unknown', openOn = 0, workers = 0, errorCode = null, retryAtMs = null } = health ?? {};
  return {
    name,
    base_url: showAddress(base_url),
    state,
    open_on: openOn,
    workers,
    last_error_code: errorCode,
    retry_at: retryAtMs === null ? null : new Date(retryAtMs).toISOString(),
  };
}
