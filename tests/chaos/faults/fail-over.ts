/**
 * The master dies with a replica that lags, which takes its place: `replicated-redis.ts`. With DURABILITY=replica nothing
 * that was acknowledged may be lost, and no call made twice: a beginning, a response's id and an end wait for a replica too.
 * Text on its way waits for none, so a journal may stand a little earlier than it was seen.
 */

import { startReplicatedRedis } from '../redis/replicated-redis.ts';
import type { Fault } from './fault.ts';
import { killRedis } from './kill-redis.ts';

export const failOver: Fault = {
  ...killRedis,
  name: 'failover',
  does: 'SIGKILL of the master under submits; its replica, 20 to 200 ms behind, takes its place and gets a fresh replica',
  env: { DURABILITY: 'replica' },
  openRedis: startReplicatedRedis,
  load: { jobs: 600, perSecond: 20, tokens: [10, 40], itlMs: 25 },
  every: [5_000, 7_000],
  long: { load: { jobs: 2_500, perSecond: 20, tokens: [10, 40], itlMs: 25 }, every: [5_000, 7_000] },
};
