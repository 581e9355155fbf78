/** Counts attempts of one origin in a minute of the clock. Redis counts for all console processes. */
import { createHash } from 'node:crypto';
import { RequestError } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import { loginAttemptsKey } from '../keys.ts';

const MINUTE_MS = 60_000;
const COUNTER_SECONDS = 120;

export class AttemptCounter {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #perMinute: number;

  constructor({ redis, prefix }: { redis: Redis; prefix: string }, perMinute: number) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#perMinute = perMinute;
  }

  /** @param name of the origin; Redis gets its digest. @returns attempts in this minute, this one included */
  async count(name: string): Promise<number> {
    const key = this.#keyOf(name);
    const replies = await this.#redis.multi().incr(key).expire(key, COUNTER_SECONDS).exec();
    return Number(replies?.[0]?.[1] ?? 0);
  }

  async read(name: string): Promise<number> {
    return Number((await this.#redis.get(this.#keyOf(name))) ?? 0);
  }

  /** @throws RequestError `too_many_requests`, with the time until the next minute */
  refuseAbove(attempts: number): void {
    if (attempts <= this.#perMinute) return;
    throw new RequestError('too_many_requests', 'Too many attempts. Wait a minute, then try again.', {
      retryAfterMs: MINUTE_MS - (Date.now() % MINUTE_MS),
    });
  }

  #keyOf(name: string): string {
    const digest = createHash('sha256').update(name).digest('hex').slice(0, 32);
    return loginAttemptsKey(this.#prefix, Math.floor(Date.now() / MINUTE_MS), digest);
  }
}
