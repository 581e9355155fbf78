/** The API process. Holds no state of its own: any number may run, and any of them answers for any job. */
import { createApiKeys, createTenantLimits, createTenants } from '@holdfast/gate';
import { Journal, LiveFeed } from '@holdfast/journal';
import { LaneQueues } from '@holdfast/queue';
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

const READER_STALL_MS = 10_000;
const HEARTBEAT_MS = 15_000;
/** Requests under way get so long at the end; attached readers are let go at once, and attach elsewhere. */
const CLOSE_GRACE_MS = 3_000;

async function start(config: ApiConfig, { logger, onClose }: ServiceContext): Promise<void> {
  const { prefix, durability } = config;
  const redis = connectRedis(config.redisUrl, 'producer', logger);
  const subscriber = connectRedis(config.redisUrl, 'subscriber', logger);
  onClose('redis', () => Promise.all([disconnectRedis(redis), disconnectRedis(subscriber)]).then(() => undefined));
  await untilReady(redis, 30_000);
  await checkDurability(redis, durability);
  if (durability === 'memory') logger.warn({ durability }, 'DURABILITY=memory: accepted jobs can be lost');
  const writes = new DurableWrites({ mode: durability, redis, prefix, connect: () => connectForPool(config.redisUrl) });
  onClose('durable writes', () => writes.close());
  await writes.prepare();

  const apiKeys = createApiKeys({ redis, prefix });
  if (config.bootstrapKey) await apiKeys.ensure('default', config.bootstrapKey);
  const limits = createTenantLimits({ tenants: createTenants({ redis, prefix }), plans: config.plans, logger });
  const metrics = new ApiMetrics(durability);
  const memory = new MemoryWatch({ redis, logger, onLook: (usedShare) => metrics.redisMemory.set(usedShare) });
  await memory.start();
  onClose('memory watch', () => memory.stop());
  const queue = new LaneQueues({
    redis,
    prefix,
    onError: (error) => logger.warn({ error }, 'queue error'),
    limitsOf: limits.of,
  });
  onClose('queue', () => queue.close());
  const stopping = new AbortController();
  const app = createApi({
    redis,
    journal: new Journal({ redis, prefix, retentionMs: config.retentionMs }),
    feed: new LiveFeed(subscriber),
    queue,
    findCaller: (key) => apiKeys.find(key),
    tasks: allTasks(config.tasks),
    lanes: config.lanes,
    durability,
    writes,
    memory,
    metrics,
    logger,
    stopping: stopping.signal,
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
