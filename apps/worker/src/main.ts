/**
 * A worker process: takes jobs that may run, runs attempts, and does the maintenance of each cell. On SIGTERM it
 * takes no more jobs and lets those under way go on for DRAIN_SECONDS.
 */
import { hostname } from 'node:os';
import { accessNames, cellNames, checkLayout, loadScripts } from '@holdfast/cell';
import { defaultRetryPolicy, type Logger, laneFor } from '@holdfast/core';
import { createKnownPlans, createTenantLimits, createTenants } from '@holdfast/gate';
import { HistoryRecorder } from '@holdfast/history';
import { LiveFeed } from '@holdfast/journal';
import { announceWorker, type LiveWorker, liveWorkers } from '@holdfast/queue';
import {
  connectForPool,
  connectRedis,
  DurableWrites,
  disconnectRedis,
  type Redis,
  ServerWatch,
  untilReady,
  watchLatency,
} from '@holdfast/redis';
import { Metrics, measureRedis, runService, type ServiceContext, serveMetrics } from '@holdfast/service';
import { readConfig, type WorkerConfig } from './config.ts';
import { watchLoop } from './event-loop/watch-loop.ts';
import { createLanes } from './lanes/lane-providers.ts';
import { observeForHistory } from './observe/observe-history.ts';
import { WorkerMetrics } from './observe/worker-metrics.ts';
import { observeWith, type WorkerObserver } from './observe/worker-observer.ts';
import { type ConfiguredDeps, serveCell } from './serve-cell.ts';
import { KnownFormats } from './tasks/known-formats.ts';

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
  return { redis, feed: new LiveFeed(subscriber), quiet: watch.quiet(logger) };
}

function configuredDeps(config: WorkerConfig, observer: WorkerObserver, logger: Logger): ConfiguredDeps {
  return {
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
    observer,
  };
}

function presenceOf({ configDigest }: WorkerConfig): LiveWorker {
  return { id: `${hostname()}-${process.pid}`, configDigest };
}

/** Says that this worker is there, and warns where others run with another config file: one of them may be outdated. */
async function announcePresence(redis: Redis, config: WorkerConfig, logger: Logger) {
  const { prefix, configDigest } = config;
  const leave = await announceWorker(redis, prefix, presenceOf(config));
  const others = (await liveWorkers(redis, prefix)).filter((worker) => worker.configDigest !== configDigest);
  if (others.length > 0) {
    const workers = others.map(({ id }) => id);
    logger.warn({ workers }, 'these workers run with another config file: lanes, limits and prices may differ');
  }
  return leave;
}

async function start(config: WorkerConfig, context: ServiceContext): Promise<void> {
  const { logger, onClose } = context;
  const { prefix } = config;
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
  const tenants = createTenants({ redis, prefix });
  const plans = createKnownPlans({ redis, prefix, plans: config.plans, logger });
  const limits = createTenantLimits({ tenants, plans, logger });
  const metrics = new WorkerMetrics({
    metrics: registry,
    tasks: config.tasks.keys(),
    lanes: config.lanes,
    prices: config.prices,
  });
  const history = new HistoryRecorder({ redis, prefix, logger: quiet });
  history.start();
  onClose('history', () => history.close());
  const configured = configuredDeps(config, observeWith([metrics, observeForHistory(history)]), logger);
  metrics.showBreakers(configured.lanes, registry);
  const shared = { config, onClose, logger: quiet, redis, feed, limits, writes, configured, watch, metrics };
  for (const name of cellNames) await serveCell(name, shared);
  onClose('presence', await announcePresence(redis, config, logger));
  logger.info({ lanes: Object.keys(config.lanes), concurrency: config.concurrency }, 'worker ready');
}

await runService('worker', () => readConfig(process.env), start);
