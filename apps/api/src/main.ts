/** The API process. Holds no state of its own: any number may run, and any of them answers for any job. */
import { createAdmission, createApiKeys, Ledger } from '@holdfast/gate';
import { Journal, LiveFeed } from '@holdfast/journal';
import { LaneQueues, QueuedCap } from '@holdfast/queue';
import {
  checkDurability,
  connectForPool,
  connectRedis,
  DurableWrites,
  disconnectRedis,
  MemoryWatch,
  untilReady,
} from '@holdfast/redis';
import { listen, runService, type ServiceContext } from '@holdfast/service';
import { allTasks } from '@holdfast/tasks';
import { ApiMetrics } from './api-metrics.ts';
import { createApi } from './app.ts';
import { type ApiConfig, readConfig } from './config.ts';
import { KeyWatch } from './key-watch.ts';
import { openLimits } from './open-limits.ts';

const READER_STALL_MS = 10_000;
const HEARTBEAT_MS = 15_000;
/** Requests under way get so long at the end; attached readers are let go at once, and attach elsewhere. */
const CLOSE_GRACE_MS = 3_000;

/** A Redis that keeps what is written to it as durably as the settings ask. */
async function openStore(config: ApiConfig, { logger, onClose }: ServiceContext) {
  const { prefix, redisUrl, durability: mode } = config;
  const redis = connectRedis(redisUrl, 'producer', logger);
  const subscriber = connectRedis(redisUrl, 'subscriber', logger);
  onClose('redis', () => Promise.all([disconnectRedis(redis), disconnectRedis(subscriber)]).then(() => undefined));
  await untilReady(redis, 30_000);
  await checkDurability(redis, mode);
  if (mode === 'memory') logger.warn({ durability: mode }, 'DURABILITY=memory: accepted jobs can be lost');
  const writes = new DurableWrites({ mode, redis, prefix, connect: () => connectForPool(redisUrl) });
  onClose('durable writes', () => writes.close());
  await writes.prepare();
  return { redis, subscriber, writes };
}

async function start(config: ApiConfig, context: ServiceContext): Promise<void> {
  const { prefix, durability } = config;
  const { logger, onClose } = context;
  const { redis, subscriber, writes } = await openStore(config, context);

  const apiKeys = createApiKeys({ redis, prefix });
  if (config.bootstrapKey) await apiKeys.ensure('default', config.bootstrapKey);
  const limits = await openLimits({ redis, prefix, plans: config.plans, logger });
  const metrics = new ApiMetrics(durability);
  const memory = new MemoryWatch({ redis, logger, onLook: (usedShare) => metrics.redisMemory.set(usedShare) });
  await memory.start();
  onClose('memory watch', () => memory.stop());
  const queue = new LaneQueues({
    redis,
    prefix,
    onError: (error) => logger.warn({ error }, 'queue error'),
    limitsOf: limits.ifKnown,
  });
  onClose('queue', () => queue.close());
  const ledger = new Ledger({ redis, prefix });
  const findCaller = (key: string) => apiKeys.find(key);
  const stopping = new AbortController();
  const app = createApi({
    redis,
    journal: new Journal({ redis, prefix, retentionMs: config.retentionMs }),
    feed: new LiveFeed(subscriber),
    queue,
    findCaller,
    keyWatch: new KeyWatch(findCaller),
    gate: createAdmission({ ledger, limits, queued: new QueuedCap({ redis, prefix }), logger }),
    ledger,
    limits,
    prices: config.prices,
    tasks: allTasks(config.tasks),
    lanes: config.lanes,
    configDigest: config.configDigest,
    durability,
    writes,
    memory,
    metrics,
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
