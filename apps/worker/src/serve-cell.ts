/** Serves one cell: takes its jobs, runs their attempts, and does its maintenance. */
import { Cell } from '@holdfast/cell';
import { followersLane, type Logger } from '@holdfast/core';
import { type createTenantLimits, Ledger } from '@holdfast/gate';
import { FlushClock, Journal, type LiveFeed, startPacking } from '@holdfast/journal';
import { BullQueues, LaneCallLimits, LaneQueues, startMaintenance } from '@holdfast/queue';
import type { DurableWrites, Redis } from '@holdfast/redis';
import type { ServiceContext } from '@holdfast/service';
import type { AttemptDeps } from './attempt/open-attempt.ts';
import { runAttempt } from './attempt/run-attempt.ts';
import { RunningAttempts } from './attempt/running-attempts.ts';
import type { WorkerConfig } from './config.ts';
import { AdaptiveRateLimit } from './cost/adaptive-rate-limit.ts';
import type { LoopWatch } from './event-loop/watch-loop.ts';
import { startLaneWorkers } from './lanes/lane-workers.ts';
import { type Archive, startArchiving } from './maintenance/archive-jobs.ts';
import { startEndingLeftovers } from './maintenance/end-leftovers.ts';
import { startReassigningLanes } from './maintenance/reassign-lanes.ts';
import { startRollingUp } from './maintenance/roll-up-history.ts';
import type { ArchiveMetrics } from './observe/archive-metrics.ts';
import type { WorkerMetrics } from './observe/worker-metrics.ts';
import type { StatusReport } from './status-report.ts';

/** A follower waits for another job's answer and copies it: next to nothing for this process. */
const FOLLOWERS_AT_ONCE = 5_000;

type CellDeps =
  | 'journal'
  | 'feed'
  | 'clock'
  | 'running'
  | 'callLimits'
  | 'adaptiveRateLimit'
  | 'scheduler'
  | 'ledger'
  | 'limits'
  | 'logger';

export type ConfiguredDeps = Omit<AttemptDeps, CellDeps>;

/** What all cells of a process share. */
interface ProcessDeps {
  config: WorkerConfig;
  onClose: ServiceContext['onClose'];
  /** Leaves out what fails because of a fault of Redis that the log has already. */
  logger: Logger;
  redis: Redis;
  feed: LiveFeed;
  limits: ReturnType<typeof createTenantLimits>;
  writes: DurableWrites | undefined;
  /** Where ended jobs go; null: nowhere. */
  archive: Archive | null;
  /** What attempts need that doesn't depend on the cell. */
  configured: ConfiguredDeps;
  watch: LoopWatch;
  status: StatusReport;
  metrics: Pick<WorkerMetrics, 'repaired' | 'takes'>;
  archiveMetrics: ArchiveMetrics;
}

export async function serveCell(name: string, shared: ProcessDeps): Promise<void> {
  const { config, onClose, logger, redis, feed, limits, writes, configured } = shared;
  const cell = new Cell({ redis, prefix: config.prefix, name, retentionMs: config.retentionMs });
  const journal = new Journal(cell);
  const running = new RunningAttempts();
  const callLimits = new LaneCallLimits(cell);
  const onError = (error: Error) => logger.warn({ error }, 'queue error');
  const ready = new BullQueues(cell, onError);
  onClose('bullmq', () => ready.close());
  const { jobEnded: onExpired } = configured.observer;
  const queues = new LaneQueues({ cell, ready, onError, limitsOf: limits.ifKnown, onExpired });
  onClose('queue', () => queues.close());
  const deps: AttemptDeps = {
    journal,
    feed,
    clock: new FlushClock({ journal, logger, durably: writes && ((write) => writes.run(write)) }),
    running,
    callLimits,
    adaptiveRateLimit: new AdaptiveRateLimit({ callLimits, logger }),
    scheduler: queues.scheduler,
    ledger: new Ledger(cell),
    limits,
    logger,
    ...configured,
  };
  onClose('cancel requests', await running.listen(journal, feed));
  await startChores(cell, deps, queues, shared);
  await startWork(cell, deps, queues, shared);
}

/** Takes jobs, until the process stops. */
async function startWork(cell: Cell, deps: AttemptDeps, queues: LaneQueues, shared: ProcessDeps): Promise<void> {
  const { config, onClose, logger, watch, status, metrics } = shared;
  const { running } = deps;
  const { works, lanes, stop } = await startLaneWorkers({
    lanes: takenAtOnce(config),
    cell,
    queues,
    logger,
    running,
    run: async (release, lockLost) => status.count(await runAttempt(deps, release, lockLost)),
  });
  status.add(lanes);
  watch.add({ cell: cell.name, lanes: works });
  metrics.takes(takenAtOnce(config));
  onClose('jobs under way', () => {
    watch.takesNoJobs();
    metrics.takes(new Map());
    return stop(config.drainMs);
  });
}

/** What is done now and then, besides running jobs. */
async function startChores(cell: Cell, deps: AttemptDeps, queues: LaneQueues, shared: ProcessDeps): Promise<void> {
  const { config, onClose, logger, redis, archive, metrics, archiveMetrics: observer } = shared;
  const { journal, lanes } = deps;
  const { scheduler } = queues;
  const repaired = (what: Parameters<typeof metrics.repaired>[0]) => (count: number) => metrics.repaired(what, count);
  onClose('packing', startPacking(journal, logger));
  onClose('archiving', await startArchiving({ journal, scheduler, archive, logger, observer }));
  onClose('lanes', startReassigningLanes({ ...deps, queues, onReassigned: repaired('lane_reassigned') }));
  onClose('leftovers', startEndingLeftovers({ cell, lanes, logger, onEnded: repaired('response_ended') }));
  onClose('roll-up', startRollingUp({ redis, prefix: config.prefix, scheduler, logger }));
  const limited = { ...config.lanes, [followersLane]: { limits: {} } };
  onClose(
    'maintenance',
    startMaintenance({ queues, lanes: limited, logger, onRepair: (what, jobs) => metrics.repaired(what, jobs) }),
  );
}

/** How many jobs of each lane this process takes at once. */
function takenAtOnce({ lanes, concurrency }: WorkerConfig): Map<string, number> {
  const own = Object.keys(lanes).map((lane): [string, number] => [lane, concurrency]);
  return new Map([...own, [followersLane, FOLLOWERS_AT_ONCE]]);
}
