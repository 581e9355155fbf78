/** The API process. Holds no state of its own: any number may run, and any of them answers for any job. */
import { createAdmission, createApiKeys, createTenantLimits, createTenants, Ledger } from '@holdfast/gate';
import { Journal, LiveFeed } from '@holdfast/journal';
import { LaneQueues } from '@holdfast/queue';
import {
  checkDurability,
  connectRedis,
  DurableWrites,
  disconnectRedis,
  MemoryWatch,
  type Redis,
  untilReady,
} from '@holdfast/redis';
import { listen, runService, type ServiceContext } from '@holdfast/service';
import { builtInTasks } from '@holdfast/tasks';
import { ApiMetrics } from './api-metrics.ts';
import { createApi } from './app.ts';
import { type ApiConfig, readConfig } from './config.ts';
import { KeyWatch } from './key-watch.ts';

const READER_STALL_MS = 10_000;
const HEARTBEAT_MS = 15_000;
/** Requests under way get so long at the end; attached readers are let go at once, and attach elsewhere. */
const CLOSE_GRACE_MS = 3_000;

/** For a pool: its outages are those of the main connection, which logs them. */
async function connectQuietly(redisUrl: string): Promise<Redis> {
  const redis = connectRedis(redisUrl, 'producer', { debug() {}, info() {}, warn() {}, error() {} });
  await untilReady(redis, 5_000);
  return redis;
}

async function start(config: ApiConfig, { logger, onClose }: ServiceContext): Promise<void> {
  const { prefix, durability } = config;
  const redis = connectRedis(config.redisUrl, 'producer', logger);
  const subscriber = connectRedis(config.redisUrl, 'subscriber', logger);
  onClose('redis', () => Promise.all([disconnectRedis(redis), disconnectRedis(subscriber)]).then(() => undefined));
  await untilReady(redis, 30_000);
  await checkDurability(redis, durability);
  if (durability === 'memory') logger.warn({ durability }, 'DURABILITY=memory: accepted jobs can be lost');
  const connect = () => connectQuietly(config.redisUrl);
  const writes = new DurableWrites({ mode: durability, redis, prefix, connect });
  onClose('durable writes', () => writes.close());
  await writes.prepare();

  const apiKeys = createApiKeys({ redis, prefix });
  if (config.bootstrapKey) await apiKeys.ensure('default', config.bootstrapKey);
  const metrics = new ApiMetrics();
  const memory = new MemoryWatch({ redis, logger, onLook: (usedShare) => metrics.redisMemory.set(usedShare) });
  await memory.start();
  onClose('memory watch', () => memory.stop());
  const ledger = new Ledger({ redis, prefix });
  const limits = createTenantLimits({ tenants: createTenants({ redis, prefix }), plans: config.plans, logger });
  const findCaller = (key: string) => apiKeys.find(key);
  const stopping = new AbortController();
  const app = createApi({
    redis,
    journal: new Journal({ redis, prefix, retentionMs: config.retentionMs }),
    feed: new LiveFeed(subscriber),
    queue: new LaneQueues({ redis, prefix, onError: (error) => logger.warn({ error }, 'queue error') }),
    findCaller,
    keyWatch: new KeyWatch(findCaller),
    gate: createAdmission({ ledger, limits, logger }),
    ledger,
    limits,
    prices: config.prices,
    tasks: builtInTasks,
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
