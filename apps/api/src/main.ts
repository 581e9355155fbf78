/** The API process. It has no state: any number may run, and each can answer for any job. */
import { accessNames, Cell, Cells, checkLayout, loadScripts } from '@holdfast/cell';
import type { EndedJob, Logger } from '@holdfast/core';
import { createApiKeys, Ledger, type LimitsOfAdmitted, warnOfUnpriced } from '@holdfast/gate';
import { HistoryRecorder } from '@holdfast/history';
import type { JobCell, TenantCells } from '@holdfast/jobs';
import { Journal, LiveFeed } from '@holdfast/journal';
import { BullQueues, LaneDepths, LaneQueues, readBlocks } from '@holdfast/queue';
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
  exportDepth,
  Metrics,
  measureRedis,
  openTracing,
  runService,
  type ServiceContext,
  serveMetrics,
} from '@holdfast/service';
import { listen } from '@holdfast/service/http';
import { KeyWatch } from './access/key-watch.ts';
import { ApiMetrics } from './api-metrics.ts';
import { createApi } from './app.ts';
import { HeldRequests } from './bounds/held-requests.ts';
import { heldWithin, openFilesLimit } from './bounds/open-files.ts';
import { openLimits } from './bounds/open-limits.ts';
import { type ApiConfig, readConfig } from './config.ts';
import { Statistics } from './statistics.ts';

const READER_STALL_MS = 10_000;
const HEARTBEAT_MS = 15_000;
/** How long requests under way may take at the end. Attached readers are disconnected at once, and attach elsewhere. */
const CLOSE_GRACE_MS = 3_000;

/** Opens Redis, and checks that it is as durable as the settings demand. */
async function openStore(config: ApiConfig, { logger, onClose }: ServiceContext) {
  const { prefix, redisUrl, durability: mode } = config;
  const redis = connectRedis(redisUrl, 'producer', logger);
  const subscriber = connectRedis(redisUrl, 'subscriber', logger);
  onClose('redis', () => Promise.all([disconnectRedis(redis), disconnectRedis(subscriber)]).then(() => undefined));
  await untilReady(redis, 30_000);
  const watch = new ServerWatch({ redis, mode, names: accessNames(prefix), logger });
  await watch.start({ needsReplica: true });
  onClose('server watch', () => watch.stop());
  await checkLayout(redis, prefix);
  await loadScripts(redis);
  if (mode === 'memory') logger.warn({ durability: mode }, 'DURABILITY=memory: accepted jobs can be lost');
  const writes = new DurableWrites({ mode, redis, prefix, watch, connect: () => connectForPool(redisUrl) });
  onClose('durable writes', () => writes.close());
  await writes.prepare();
  return { redis, subscriber, writes, watch };
}

interface CellNeeds {
  config: ApiConfig;
  redis: Redis;
  limitsOf: LimitsOfAdmitted['ifKnown'];
  statistics: Statistics;
  logger: Logger;
  onClose: ServiceContext['onClose'];
}

/** What the API has of a cell: its share for the routes, and what its depth is read with. */
function openCell(name: string, { config, redis, limitsOf, statistics, logger, onClose }: CellNeeds) {
  const { prefix, retentionMs } = config;
  const cell = new Cell({ redis, prefix, name, retentionMs });
  const onError = (error: Error) => logger.warn({ error }, 'queue error');
  const bull = new BullQueues(cell, onError);
  onClose('bullmq', () => bull.close());
  const onExpired = (job: EndedJob) => statistics.jobEnded(job);
  const queue = new LaneQueues({ cell, ready: bull, onError, limitsOf, onExpired });
  onClose('queue', () => queue.close());
  const forRoutes: JobCell = { journal: new Journal(cell), queue, ledger: new Ledger(cell) };
  return { cell, bull, forRoutes };
}

function openCells(needs: CellNeeds, registry: Metrics): TenantCells {
  const cells = new Cells((name) => openCell(name, needs));
  const depths = new LaneDepths({ cells: cells.all, lanes: Object.keys(needs.config.lanes) });
  exportDepth(registry, () => depths.read());
  return { of: (tenant) => cells.of(tenant).forRoutes };
}

/** What this process counts: in its metrics, and in the history of all processes. */
function openStatistics(
  registry: Metrics,
  config: ApiConfig,
  redis: Redis,
  logger: Logger,
  { onClose }: ServiceContext,
) {
  const { prefix, durability } = config;
  onClose('redis latency', watchLatency(redis, measureRedis(registry)));
  const tasks = config.tasks.keys();
  const metrics = new ApiMetrics({ metrics: registry, durability, tasks, readBlocks: () => readBlocks(redis, prefix) });
  const history = new HistoryRecorder({ redis, prefix, logger });
  history.start();
  onClose('history', () => history.close());
  return { metrics, statistics: new Statistics(metrics, history) };
}

function openHeldRequests(
  config: ApiConfig,
  metrics: ApiMetrics,
  keyWatch: KeyWatch,
  logger: ServiceContext['logger'],
): HeldRequests {
  const limits = heldWithin(openFilesLimit(), config.held, logger);
  metrics.maxHeldRequests.set(limits.total);
  return new HeldRequests({ limits, keyWatch, onChange: (count) => metrics.heldRequests.set(count) });
}

async function start(config: ApiConfig, context: ServiceContext): Promise<void> {
  const { prefix, durability } = config;
  const { logger, onClose } = context;
  const registry = new Metrics();
  await serveMetrics(registry, config.metrics, context);
  const tracer = await openTracing(config.tracing, context);
  const { redis, subscriber, writes, watch } = await openStore(config, context);

  const quiet = watch.quiet(logger);
  const apiKeys = createApiKeys({ redis, prefix });
  if (config.bootstrapKey) await apiKeys.ensure('default', config.bootstrapKey);
  const limits = await openLimits({ redis, prefix, plans: config.plans, logger });
  const { metrics, statistics } = openStatistics(registry, config, redis, quiet, context);
  const memory = new MemoryWatch({ redis, logger, onCheck: (usedShare) => metrics.redisMemory.set(usedShare) });
  await memory.start();
  onClose('memory watch', () => memory.stop());
  const findCaller = (key: string) => apiKeys.find(key);
  const held = openHeldRequests(config, metrics, new KeyWatch(findCaller), logger);
  const stopping = new AbortController();
  const cells = openCells({ config, redis, limitsOf: limits.ifKnown, statistics, logger: quiet, onClose }, registry);
  const app = createApi({
    redis,
    prefix,
    cells,
    feed: new LiveFeed(subscriber),
    findCaller,
    held,
    limits,
    warnOfUnpriced: warnOfUnpriced(logger),
    prices: config.prices,
    tasks: config.tasks,
    lanes: config.lanes,
    configDigest: config.configDigest,
    durability,
    writes,
    memory,
    metrics,
    statistics,
    tracer,
    logger,
    stopping: stopping.signal,
    maxBodyBytes: config.maxBodyBytes,
    readerStallMs: READER_STALL_MS,
    heartbeatMs: HEARTBEAT_MS,
  });
  const server = await listen(app, config);
  onClose('http', () => {
    stopping.abort();
    return server.close(CLOSE_GRACE_MS);
  });
  logger.info({ url: server.url, durability }, 'api listening');
}

await runService('api', () => readConfig(process.env), start);
