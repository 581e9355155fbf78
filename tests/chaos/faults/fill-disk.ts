/** The disk that Redis writes to is full. Redis ends, and is started again once the disk has space (`small-disk.ts`). */

import { startRedisOnSmallDisk, whyNoSmallDisk } from '../redis/small-disk.ts';
import type { Fault } from './fault.ts';
import { killRedis } from './kill-redis.ts';

export const fillDisk: Fault = {
  ...killRedis,
  name: 'disk-full',
  does: "Redis' disk is full under submits, Redis ends, and is started again up to 1 s later with space on its disk",
  openRedis: startRedisOnSmallDisk,
  unavailable: whyNoSmallDisk,
  long: { load: { jobs: 2_400, perSecond: 40, tokens: [5, 30], itlMs: 20 }, every: [2_500, 4_500] },
};
