/**
 * A worker process: takes jobs that may run, runs attempts, and does the maintenance of each cell. On SIGTERM it
 * takes no more jobs and lets those under way go on for DRAIN_SECONDS.
 */
import { ArchiveDatabase } from '@holdfast/archive';
import { accessNames, cellNames, checkLayout, loadScripts } from '@holdfast/cell';
import { defaultRetryPolicy, type Logger, laneFor, MisconfigurationError, type Tracer } from '@holdfast/core';
import { createKnownPlans, createTenantLimits, createTenants } from '@holdfast/gate';
import { HistoryRecorder } from '@holdfast/history';
import { LiveFeed } from '@holdfast/journal';
import { announceWorker, type LiveWorker, liveWorkers, type Presence, type ReportStatus } from '@holdfast/queue';
import {
  connectForPool,
  connectRedis,
  DurableWrites,
  disconnectRedis,
  type Redis,
  ServerWatch,
  startMemoryNotes,
  untilReady,
  watchLatency,
} from '@holdfast/redis';
import { Metrics, measureRedis, openTracing, runService, type ServiceContext, serveMetrics } from '@holdfast/service';
import { readConfig, type WorkerConfig } from './config.ts';
import { watchLoop } from './event-loop/watch-loop.ts';
import { createLanes } from './lanes/lane-providers.ts';
import type { Archive } from './maintenance/archive-jobs.ts';
import { ArchiveMetrics } from './observe/archive-metrics.ts';
import { observeForHistory } from './observe/observe-history.ts';
import { WorkerMetrics } from './observe/worker-metrics.ts';
import { observeWith, type WorkerObserver } from './observe/worker-observer.ts';
import { type ConfiguredDeps, serveCell } from './serve-cell.ts';
import { StatusReport } from './status-report.ts';
import { KnownFormats } from './tasks/known-formats.ts';
import { workerId } from './worker-id.ts';

/** How long an attempt waits for a provider that may be called. */
const MAX_WAIT_MS = 300_000;

/**
 * What a failover must not take back: that a call was begun, the id of its response, a job's end. Taken back, they would be
 * paid again. Where a replica isn't asked for, Redis' own reply is enough.
 */
async function openDurableWrites({ durability: mode, redisUrl, prefix }: WorkerConfig, redis: Redis) {
  if (mode !== 'replica') return undefined;
  const writes = new DurableWrites({ mode, redis, prefix, connect: () => connectForPool(redisUrl) });
  await writes.prepare();
  return writes;
}

async function openRedis({ redisUrl, prefix, durability: mode }: WorkerConfig, { logger, onClose }: ServiceContext) {
  const redis = connectRedis(redisUrl, 'worker', logger);
  const subscriber = connectRedis(redisUrl, 'subscriber', logger);
  onClose('redis', () => Promise.all([disconnectRedis(redis), disconnectRedis(subscriber)]).then(() => undefined));
  await untilReady(redis, 30_000);
  // A replica may come later: nothing is called or ended before one confirms.
  const watch = new ServerWatch({ redis, mode, names: accessNames(prefix), logger });
  await watch.start();
  onClose('server watch', () => watch.stop());
  const quiet = watch.quiet(logger);
  onClose('memory notes', startMemoryNotes(redis, prefix, quiet));
  return { redis, feed: new LiveFeed(subscriber), quiet };
}

/** @throws MisconfigurationError where only an operator can help. If PostgreSQL is away, jobs run, and are archived later. */
async function openArchive(
  { archive, prefix }: WorkerConfig,
  { logger, onClose }: ServiceContext,
): Promise<Archive | null> {
  if (archive === null) return null;
  const database = new ArchiveDatabase({ url: archive.url, prefix, logger });
  onClose('archive', () => database.close());
  await database.prepare().catch((error: unknown) => {
    if (error instanceof MisconfigurationError) throw error;
    logger.warn({ error }, 'the archive does not answer; ended jobs wait in Redis until they expire');
  });
  return { database, withContent: archive.withContent, keepMs: archive.keepMs };
}

function configuredDeps(
  config: WorkerConfig,
  tracer: Tracer | null,
  observer: WorkerObserver,
  logger: Logger,
): ConfiguredDeps {
  return {
    worker: workerId,
    tasks: config.tasks,
    lanes: createLanes(config.lanes, config.providerKeys, config.maxAnswerBytes, logger),
    laneOf: (model: string) => laneFor(config.lanes, model),
    prices: config.prices,
    retryPolicy: defaultRetryPolicy,
    crashLimit: config.crashLimit,
    maxWaitMs: MAX_WAIT_MS,
    maxAnswerBytes: config.maxAnswerBytes,
    showsTaskErrors: config.task_error_message === 'show',
    knownFormats: new KnownFormats(),
    random: Math.random,
    tracing: { tracer, propagates: config.propagatesTraces },
    observer,
  };
}

function presenceOf({ configDigest }: WorkerConfig): LiveWorker {
  return { id: workerId, configDigest };
}

/** Says that this worker is there, and warns where others run with another config file: one of them may be outdated. */
async function announcePresence(redis: Redis, config: WorkerConfig, logger: Logger, status: StatusReport) {
  const { prefix, configDigest } = config;
  const report: ReportStatus = (nowMs, draining) => status.report(nowMs, draining);
  const presence = await announceWorker(redis, prefix, presenceOf(config), report);
  const others = (await liveWorkers(redis, prefix)).filter((worker) => worker.configDigest !== configDigest);
  if (others.length > 0) {
    const workers = others.map(({ id }) => id);
    logger.warn({ workers }, 'these workers run with another config file: lanes, limits and prices may differ');
  }
  return presence;
}

/** What attempts are counted with: in the metrics of this process, and in the history of all. */
function openObserver(
  { tasks, lanes, prices, prefix }: WorkerConfig,
  registry: Metrics,
  redis: Redis,
  logger: Logger,
  { onClose }: ServiceContext,
) {
  const metrics = new WorkerMetrics({ metrics: registry, tasks: tasks.keys(), lanes, prices });
  const history = new HistoryRecorder({ redis, prefix, logger });
  history.start();
  onClose('history', () => history.close());
  const archiveMetrics = new ArchiveMetrics(registry);
  return { metrics, archiveMetrics, observer: observeWith([metrics, observeForHistory(history)]) };
}

async function start(config: WorkerConfig, context: ServiceContext): Promise<void> {
  const { logger, onClose } = context;
  const { prefix } = config;
  const tracer = await openTracing(config.tracing, context);
  const watch = watchLoop(config, presenceOf(config));
  onClose('loop watch', () => watch.close());
  const registry = new Metrics();
  await serveMetrics(registry, config.metrics, context);
  const { redis, feed, quiet } = await openRedis(config, context);
  onClose('redis latency', watchLatency(redis, measureRedis(registry)));
  await checkLayout(redis, prefix);
  await loadScripts(redis);
  const writes = await openDurableWrites(config, redis);
  onClose('durable writes', () => writes?.close());
  const archive = await openArchive(config, context);
  const tenants = createTenants({ redis, prefix });
  const plans = createKnownPlans({ redis, prefix, plans: config.plans, logger });
  const limits = createTenantLimits({ tenants, plans, logger });
  const { metrics, archiveMetrics, observer } = openObserver(config, registry, redis, quiet, context);
  const configured = configuredDeps(config, tracer, observer, logger);
  metrics.showBreakers(configured.lanes, registry);
  const status = new StatusReport(configured.lanes);
  onClose('status', () => status.close());
  // Closed in reverse order: it is seen to drain until its jobs are over.
  let presence: Presence | undefined;
  onClose('presence', () => presence?.leave());
  const opened = { redis, feed, limits, writes, archive, configured, watch, status, metrics, archiveMetrics };
  const shared = { config, onClose, logger: quiet, ...opened };
  for (const name of cellNames) await serveCell(name, shared);
  presence = await announcePresence(redis, config, logger, status);
  onClose('announcement', () => presence?.drain());
  logger.info({ lanes: Object.keys(config.lanes), concurrency: config.concurrency }, 'worker ready');
}

await runService('worker', () => readConfig(process.env), start);
