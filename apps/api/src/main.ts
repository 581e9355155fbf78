/** The API process. It has no state: any number may run, and each can answer for any job. */
import { accessNames, Cell, Cells, checkLayout, loadScripts } from '@holdfast/cell';
import type { Logger } from '@holdfast/core';
import { createApiKeys, Ledger, type LimitsOfAdmitted, warnOfUnpriced } from '@holdfast/gate';
import type { JobCell } from '@holdfast/jobs';
import { Journal, LiveFeed } from '@holdfast/journal';
import { BullQueues, LaneQueues, readBlocks } from '@holdfast/queue';
import {
  connectForPool,
  connectRedis,
  DurableWrites,
  disconnectRedis,
  MemoryWatch,
  type Redis,
  ServerWatch,
  untilReady,
} from '@holdfast/redis';
import { listen, openTracing, runService, type ServiceContext } from '@holdfast/service';
import { KeyWatch } from './access/key-watch.ts';
import { ApiMetrics } from './api-metrics.ts';
import { createApi } from './app.ts';
import { HeldRequests } from './bounds/held-requests.ts';
import { heldWithin, openFilesLimit } from './bounds/open-files.ts';
import { openLimits } from './bounds/open-limits.ts';
import { type ApiConfig, readConfig } from './config.ts';

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

function openCell(
  name: string,
  { prefix, retentionMs }: ApiConfig,
  redis: Redis,
  limitsOf: LimitsOfAdmitted['ifKnown'],
  { logger, onClose }: Pick<ServiceContext, 'onClose'> & { logger: Logger },
): JobCell {
  const cell = new Cell({ redis, prefix, name, retentionMs });
  const onError = (error: Error) => logger.warn({ error }, 'queue error');
  const ready = new BullQueues(cell, onError);
  onClose('bullmq', () => ready.close());
  const queue = new LaneQueues({ cell, ready, onError, limitsOf });
  onClose('queue', () => queue.close());
  return { journal: new Journal(cell), queue, ledger: new Ledger(cell) };
}

async function start(config: ApiConfig, context: ServiceContext): Promise<void> {
  const { prefix, durability } = config;
  const { logger, onClose } = context;
  const tracer = await openTracing(config.tracing, context);
  const { redis, subscriber, writes, watch } = await openStore(config, context);

  const quiet = watch.quiet(logger);
  const apiKeys = createApiKeys({ redis, prefix });
  if (config.bootstrapKey) await apiKeys.ensure('default', config.bootstrapKey);
  const limits = await openLimits({ redis, prefix, plans: config.plans, logger });
  const metrics = new ApiMetrics(durability, () => readBlocks(redis, prefix));
  const memory = new MemoryWatch({ redis, logger, onCheck: (usedShare) => metrics.redisMemory.set(usedShare) });
  await memory.start();
  onClose('memory watch', () => memory.stop());
  const findCaller = (key: string) => apiKeys.find(key);
  const held = new HeldRequests({
    limits: heldWithin(openFilesLimit(), config.held, logger),
    keyWatch: new KeyWatch(findCaller),
    onChange: (count) => metrics.heldRequests.set(count),
  });
  const stopping = new AbortController();
  const app = createApi({
    redis,
    prefix,
    cells: new Cells((name) => openCell(name, config, redis, limits.ifKnown, { ...context, logger: quiet })),
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
