/** Which worker processes are alive: each says so every few seconds; who is silent for a while is gone. */
import { GONE_AFTER_MS } from '@holdfast/cell';
import type { Redis } from '@holdfast/redis';
import { workersKey } from './names.ts';

const EVERY_MS = 2_000;

/** In ms. */
export async function redisTime(redis: Redis): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
}

export interface LiveWorker {
  /** Without spaces. */
  id: string;
  /** Of the config file that it runs with. */
  configDigest: string;
}

/**
 * Says that a worker is alive until the returned function is called.
 * Failures are ignored: a worker that can't reach Redis is rightly taken for gone.
 */
export async function announceWorker(
  redis: Redis,
  prefix: string,
  { id, configDigest }: LiveWorker,
): Promise<() => Promise<void>> {
  const key = workersKey(prefix);
  const member = `${id} ${configDigest}`;
  const announce = async () => {
    const now = await redisTime(redis);
    await Promise.all([redis.zadd(key, now, member), redis.zremrangebyscore(key, '-inf', now - 60 * GONE_AFTER_MS)]);
  };
  await announce();
  const timer = setInterval(() => void announce().catch(() => undefined), EVERY_MS);
  return async () => {
    clearInterval(timer);
    await redis.zrem(key, member);
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
