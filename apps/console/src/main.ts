/**
 * The console's process: an HTTP server for admins, on its own port.
 *
 *   1. settings   wrong ones are named, and the process ends
 *   2. Redis      a connection that fails fast, and one for live events; the start waits for them
 *   3. plans      those of the config file are stored in Redis: see `packages/gate`
 *   4. cells      journals, queues and ledgers: to read them, and to do what an operator asks
 *   5. listen     until SIGTERM or SIGINT
 *
 * It runs no job. A Redis that is not as durable as DURABILITY demands doesn't end it: its pages show what is wrong. Until that is
 * mended it takes no job.
 */
import { ArchiveDatabase } from '@holdfast/archive';
import { accessNames } from '@holdfast/cell';
import type { EndedJob } from '@holdfast/core';
import { createKnownPlans } from '@holdfast/gate';
import { HistoryRecorder } from '@holdfast/history';
import { LiveFeed } from '@holdfast/journal';
import { readWorkers } from '@holdfast/queue';
import {
  connectForPool,
  connectRedis,
  DurableWrites,
  disconnectRedis,
  MemoryWatch,
  type Redis,
  ServerWatch,
  untilReady,
  watchLatency,
} from '@holdfast/redis';
import {
  countEndedJobs,
  exportDepth,
  Metrics,
  measureRedis,
  runService,
  type ServiceContext,
  serveMetrics,
} from '@holdfast/service';
import { listen } from '@holdfast/service/http';
import { startAlerts } from './alerts/start-alerts.ts';
import { closeCells, openCells } from './cells.ts';
import { type ConsoleConfig, readConfig } from './config.ts';
import { createConsoleApp } from './console-app.ts';
import { makeDeps } from './deps.ts';
import { ArchivedJobs } from './jobs/archived-jobs.ts';
import { openLanes } from './lanes/lane-status.ts';

const REDIS_READY_WITHIN_MS = 30_000;
/** How long running requests may take after a signal to stop. */
const GRACE_MS = 1_000;

async function openStore(config: ConsoleConfig, { logger, onClose }: ServiceContext) {
  const { redisUrl, prefix, durability: mode } = config;
  const redis = connectRedis(redisUrl, 'producer', logger);
  const subscriber = connectRedis(redisUrl, 'subscriber', logger);
  onClose('redis', () => Promise.all([disconnectRedis(redis), disconnectRedis(subscriber)]).then(() => undefined));
  await untilReady(redis, REDIS_READY_WITHIN_MS);
  const watch = new ServerWatch({ redis, mode, names: accessNames(prefix), logger });
  await watch.start({ startsAnyway: true });
  onClose('server watch', () => watch.stop());
  const writes = new DurableWrites({ mode, redis, prefix, watch, connect: () => connectForPool(redisUrl) });
  onClose('durable writes', () => writes.close());
  await writes.prepare();
  const memory = new MemoryWatch({ redis, logger });
  await memory.start();
  onClose('memory watch', () => memory.stop());
  return { redis, feed: new LiveFeed(subscriber), watch, writes, memory };
}

/** PostgreSQL may be away: only the requests that need it are refused then. */
function openArchive(
  { archiveUrl: url, prefix }: ConsoleConfig,
  { logger, onClose }: ServiceContext,
): ArchivedJobs | null {
  if (url === null) return null;
  const database = new ArchiveDatabase({ url, prefix, logger });
  onClose('archive', () => database.close());
  return new ArchivedJobs(database);
}

async function start(config: ConsoleConfig, context: ServiceContext): Promise<void> {
  const { logger, onClose } = context;
  const { prefix, retentionMs, plans } = config;
  const metrics = new Metrics();
  await serveMetrics(metrics, config.metrics, context);
  const store = await openStore(config, context);
  const { redis } = store;
  const knownPlans = createKnownPlans({ redis, prefix, plans, logger });
  await knownPlans.store();

  const onEnded = openStatistics(config, redis, metrics, context);
  const cells = openCells({ redis, prefix, retentionMs, onExpired: onEnded });
  onClose('cells', () => closeCells(cells));
  const lanes = openLanes(config.lanes, cells, () => readWorkers(redis, prefix));
  exportDepth(metrics, () => lanes.depths.read());

  const archive = openArchive(config, context);
  const stopping = new AbortController();
  const opened = { ...store, config, cells, lanes, archive, knownPlans, onEnded, logger };
  const deps = makeDeps({ ...opened, stopping: stopping.signal });
  startAlerts(deps, context);
  const app = createConsoleApp(deps);
  const server = await listen(app, config);
  onClose('server', () => {
    stopping.abort();
    return server.close(GRACE_MS);
  });
  logger.info({ url: server.url }, 'console ready');
}

/** Counts jobs that end in the console's hands: cancelled while they wait, or past their deadline when it resumes their lane. */
function openStatistics(
  { prefix, tasks }: ConsoleConfig,
  redis: Redis,
  metrics: Metrics,
  { logger, onClose }: ServiceContext,
): (job: EndedJob) => void {
  onClose('redis latency', watchLatency(redis, measureRedis(metrics)));
  const history = new HistoryRecorder({ redis, prefix, logger });
  history.start();
  onClose('history', () => history.close());
  const count = countEndedJobs(metrics, tasks.keys());
  return (job) => {
    count(job);
    history.ended(job);
  };
}

await runService('console', () => readConfig(process.env), start);
