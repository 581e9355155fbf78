/** Which worker processes are alive: each says so every few seconds; who is silent for a while is gone. */
import { GONE_AFTER_MS } from '@holdfast/cell';
import type { Redis } from '@holdfast/redis';
import { workersKey } from '../names.ts';

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

const memberOf = ({ id, configDigest }: LiveWorker) => `${id} ${configDigest}`;

/** Says once that a worker is alive. */
export async function sayAlive(redis: Redis, prefix: string, worker: LiveWorker): Promise<void> {
  const key = workersKey(prefix);
  const now = await redisTime(redis);
  await Promise.all([
    redis.zadd(key, now, memberOf(worker)),
    redis.zremrangebyscore(key, '-inf', now - 60 * GONE_AFTER_MS),
  ]);
}

/**
 * Says that a worker is alive until the returned function is called.
 * Failures are ignored: a worker that can't reach Redis is rightly taken for gone.
 */
export async function announceWorker(redis: Redis, prefix: string, worker: LiveWorker): Promise<() => Promise<void>> {
  await sayAlive(redis, prefix, worker);
  const timer = setInterval(() => void sayAlive(redis, prefix, worker).catch(() => undefined), EVERY_MS);
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
