/** Allows ten login attempts from one address in a minute of the clock. Redis counts them for all console processes. */
import { createHash } from 'node:crypto';
import { RequestError } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import { loginAttemptsKey } from '../keys.ts';

const LOGINS_PER_MINUTE = 10;
const MINUTE_MS = 60_000;
const COUNTER_SECONDS = 120;

/**
 * Counts an attempt. Above the limit the right key is refused too. Otherwise guessing could go on until it hits.
 * @throws RequestError `too_many_requests`, with the time until the next minute
 */
export async function countLogin(options: {
  redis: Redis;
  prefix: string;
  address: string;
  now: number;
}): Promise<void> {
  const { redis, prefix, address, now } = options;
  const digest = createHash('sha256').update(address).digest('hex').slice(0, 32);
  const key = loginAttemptsKey(prefix, Math.floor(now / MINUTE_MS), digest);
  const replies = await redis.multi().incr(key).expire(key, COUNTER_SECONDS).exec();
  const attempts = Number(replies?.[0]?.[1] ?? 0);
  if (attempts > LOGINS_PER_MINUTE) {
    throw new RequestError('too_many_requests', 'Too many attempts. Wait a minute, then try again.', {
      retryAfterMs: MINUTE_MS - (now % MINUTE_MS),
    });
  }
}
