/** Redis is killed while jobs are submitted and run, is away for a moment, and comes back with what it had on disk. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.ts';

export const killRedis: Fault = {
  name: 'redis-kill',
  does: 'SIGKILL of Redis under submits, back after up to 1 s',
  workers: 2,
  load: { jobs: 800, perSecond: 40, tokens: [5, 30], itlMs: 20 },
  every: [2_500, 4_500],
  recovery: 'next token',
  long: { load: { jobs: 21_000, perSecond: 500, tokens: [1, 3], itlMs: 1 }, every: [1_800, 2_300] },
  async inject({ redis, dice, watch }) {
    await watch.markAll();
    await redis.kill();
    await delay(dice.between(0, 1_000));
    await redis.start();
  },
};
