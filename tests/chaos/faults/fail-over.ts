/**
 * The master dies, and a replica that lags takes its place (`replicated-redis.ts`). With DURABILITY=replica nothing that was
 * acknowledged may be lost, and no call may be made twice: the start of a call, a response's id and a job's end wait for a
 * replica too. Text waits for no replica, so a journal may lose its last pieces of text, even some that a reader has seen.
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
