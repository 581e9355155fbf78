/** The gate on the test run's real Redis, under a prefix of its own, and a way to let time go by in its keys. For tests. */
import { randomBytes } from 'node:crypto';
import type { Logger } from '@holdfast/core';
import { connectRedis, disconnectRedis, type Redis, untilReady } from '@holdfast/redis';
import type { QueuedCap } from './admission.ts';
import { gateKeys } from './keys.ts';

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export interface TestGate {
  redis: Redis;
  prefix: string;
  /** As if the submissions of the last minute had come so much earlier. */
  age(tenant: string, ms: number): Promise<void>;
  /** A cap in the simplest way that is exact: one set per tenant. */
  queued: QueuedCap & { leave(tenant: string, jobId: string): Promise<void> };
  close(): Promise<void>;
}

const reserveScript = `
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then return 1 end
if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
return redis.call('SADD', KEYS[1], ARGV[1])`;

export async function openTestGate(): Promise<TestGate> {
  const url = process.env.HOLDFAST_TEST_REDIS_URL;
  if (!url) throw new Error('HOLDFAST_TEST_REDIS_URL is not set: run the tests with npm test');
  const redis = connectRedis(url, 'producer', silent);
  await untilReady(redis, 5_000);
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const waiting = (tenant: string) => `${prefix}:waiting:${tenant}`;
  const leave = async (tenant: string, jobId: string) => void (await redis.srem(waiting(tenant), jobId));
  return {
    redis,
    prefix,
    age: (tenant, ms) => ageMinute(redis, gateKeys(prefix).minute(tenant), Math.floor(ms / 100)),
    queued: {
      reserveQueued: async (tenant, jobId, max) =>
        (await redis.eval(reserveScript, 1, waiting(tenant), jobId, max)) === 1,
      dropReservation: leave,
      leave,
    },
    async close() {
      const keys = await redis.keys(`${prefix}:*`);
      if (keys.length > 0) await redis.del(...keys);
      await disconnectRedis(redis);
    },
  };
}

async function ageMinute(redis: Redis, key: string, slots: number): Promise<void> {
  const { total, first, ...counts } = await redis.hgetall(key);
  if (total === undefined) return;
  const moved = Object.entries(counts).map(([slot, count]) => [Number(slot) - slots, count]);
  const all = ['total', total, 'first', Number(first) - slots, ...moved.flat()] as (string | number)[];
  await redis
    .multi()
    .del(key)
    .hset(key, ...all)
    .exec();
}
