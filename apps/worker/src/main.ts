/**
 * A worker process: takes released jobs, runs attempts, and does the duties of feeding, sweeping and settling. On SIGTERM it
 * takes no more jobs and lets those under way go on for DRAIN_SECONDS.
 */
import { hostname } from 'node:os';
import { defaultRetryPolicy, followersLane, type Logger, laneFor } from '@holdfast/core';
import { createKnownPlans, createTenantLimits, createTenants, Ledger } from '@holdfast/gate';
import { FlushClock, Journal, LiveFeed } from '@holdfast/journal';
import { announceWorker, LaneCallLimits, LaneQueues, liveWorkers, startFeeding } from '@holdfast/queue';
import { connectForPool, connectRedis, DurableWrites, disconnectRedis, type Redis, untilReady } from '@holdfast/redis';
import { runService, type ServiceContext } from '@holdfast/service';
import { allTasks } from '@holdfast/tasks';
import { readConfig, type WorkerConfig } from './config.ts';
import { endExpired } from './end-expired.ts';
import { findNewLane } from './find-new-lane.ts';
import { createLanes } from './lane-providers.ts';
import { startLaneWorkers } from './lane-workers.ts';
import { RoomLearner } from './learn-room.ts';
import { runAttempt, type WorkerParts } from './run-attempt.ts';
import { RunningAttempts } from './running-attempts.ts';
import { startSettling } from './settle-ended-jobs.ts';
import { startSweeping } from './sweep-open-jobs.ts';

/** One that follows waits for another's answer and copies it: next to nothing for this process. */
const FOLLOWERS_AT_ONCE = 5_000;

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

function limitCalls(redis: Redis, prefix: string, logger: Logger): Pick<WorkerParts, 'callLimits' | 'room'> {
  const callLimits = new LaneCallLimits({ redis, prefix });
  return { callLimits, room: new RoomLearner({ callLimits, logger }) };
}

async function openRedis({ redisUrl }: WorkerConfig, { logger, onClose }: ServiceContext) {
  const redis = connectRedis(redisUrl, 'worker', logger);
  const subscriber = connectRedis(redisUrl, 'subscriber', logger);
  onClose('redis', () => Promise.all([disconnectRedis(redis), disconnectRedis(subscriber)]).then(() => undefined));
  await untilReady(redis, 30_000);
  return { redis, feed: new LiveFeed(subscriber) };
}

/** Jobs at once that this process takes of each lane. */
function takenAtOnce({ lanes, concurrency }: WorkerConfig): Map<string, number> {
  const own = Object.keys(lanes).map((lane): [string, number] => [lane, concurrency]);
  return new Map([...own, [followersLane, FOLLOWERS_AT_ONCE]]);
}

/** Of what an attempt works with, all that is settled by the settings. */
function configuredParts(config: WorkerConfig, logger: Logger) {
  return {
    tasks: allTasks(config.tasks),
    lanes: createLanes(config.lanes, config.providerKeys, logger),
    laneOf: (model: string) => laneFor(config.lanes, model),
    prices: config.prices,
    retryPolicy: defaultRetryPolicy,
    crashLimit: config.crashLimit,
    random: Math.random,
  };
}

/** Says that this worker is there, and warns where others run with another config file: one of them may be outdated. */
async function announcePresence(redis: Redis, { prefix, configDigest }: WorkerConfig, logger: Logger) {
  const leave = await announceWorker(redis, prefix, { id: `${hostname()}-${process.pid}`, configDigest });
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
  const lanes = takenAtOnce(config);
  const { redis, feed } = await openRedis(config, context);
  const journal = new Journal({ redis, prefix, retentionMs: config.retentionMs });
  const ledger = new Ledger({ redis, prefix });
  const running = new RunningAttempts();
  const writes = await openDurableWrites(config, redis);
  onClose('durable writes', () => writes?.close());
  const tenants = createTenants({ redis, prefix });
  const plans = createKnownPlans({ redis, prefix, plans: config.plans, logger });
  const limits = createTenantLimits({ tenants, plans, logger });
  const parts: WorkerParts = {
    journal,
    feed,
    clock: new FlushClock({ journal, logger, durably: writes && ((write) => writes.run(write)) }),
    running,
    ...limitCalls(redis, prefix, logger),
    ledger,
    limits,
    logger,
    ...configuredParts(config, logger),
  };
  const queues: LaneQueues = new LaneQueues({
    redis,
    prefix,
    onError: (error) => logger.warn({ error }, 'queue error'),
    limitsOf: limits.ifKnown,
    onExpired: (lane, release) => endExpired(parts, queues, lane, release),
  });
  onClose('queue', () => queues.close());
  onClose('cancel orders', await running.listen(journal, feed));
  onClose(
    'sweeping',
    startSweeping({
      ...{ journal, queue: queues, logger },
      held: () => queues.feed.size([...lanes.keys()]),
      newLaneOf: findNewLane({ ...parts, isServed: (lane) => queues.feed.isServed(lane) }),
    }),
  );
  onClose('settling', startSettling({ journal, ledger, tenants, logger }));
  const stop = await startLaneWorkers({
    lanes,
    redis,
    prefix,
    queues,
    logger,
    running,
    run: (release, lockLost) => runAttempt(parts, release, lockLost),
  });
  onClose('feeding', startFeeding({ queues, lanes: { ...config.lanes, [followersLane]: { limits: {} } }, logger }));
  onClose('jobs under way', () => stop(config.drainMs));
  onClose('presence', await announcePresence(redis, config, logger));
  logger.info({ lanes: Object.keys(config.lanes), concurrency: config.concurrency }, 'worker ready');
}

await runService('worker', () => readConfig(process.env), start);
