/** Which worker processes are alive: each announces itself every few seconds, and counts as gone after some silence. */
import { GONE_AFTER_MS } from '@holdfast/cell';
import { type Redis, redisTime } from '@holdfast/redis';
import { workersKey } from '../names.ts';

const EVERY_MS = 2_000;

export interface LiveWorker {
  /** Without spaces. */
  id: string;
  /** Digest of the config file that it runs with. */
  configDigest: string;
}

const memberOf = ({ id, configDigest }: LiveWorker) => `${id} ${configDigest}`;

/** Announces a worker once. */
export async function announceOnce(redis: Redis, prefix: string, worker: LiveWorker): Promise<void> {
  const key = workersKey(prefix);
  const now = await redisTime(redis);
  await Promise.all([
    redis.zadd(key, now, memberOf(worker)),
    redis.zremrangebyscore(key, '-inf', now - 60 * GONE_AFTER_MS),
  ]);
}

/**
 * Announces a worker every few seconds until the returned function is called.
 * Failures are ignored: a worker that can't reach Redis should count as gone.
 */
export async function announceWorker(redis: Redis, prefix: string, worker: LiveWorker): Promise<() => Promise<void>> {
  await announceOnce(redis, prefix, worker);
  const timer = setInterval(() => void announceOnce(redis, prefix, worker).catch(() => undefined), EVERY_MS);
  return async () => {
    clearInterval(timer);
    await redis.zrem(workersKey(prefix), memberOf(worker));
  };
}

/** The worker processes that are alive. */
export async function liveWorkers(redis: Redis, prefix: string): Promise<LiveWorker[]> {
  const members = await redis.zrangebyscore(workersKey(prefix), (await redisTime(redis)) - GONE_AFTER_MS, '+inf');
  return members.map((member) => {
    const [id = '', configDigest = ''] = member.split(' ');
    return { id, configDigest };
  });
}
