/** A feed of one's own on the test run's real Redis, without BullMQ: what is released is simply taken. For tests. */
import { randomBytes } from 'node:crypto';
import type { Release } from '@holdfast/core';
import { connectRedis, disconnectRedis, type Redis, untilReady } from '@holdfast/redis';
import { Feed, type RunLimits } from './feed.ts';
import type { ReleaseName } from './names.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

export interface TestFeed {
  redis: Redis;
  prefix: string;
  lane: string;
  feed: Feed;
  /** Lets a job wait. Its id is `<tenant>-<number>`, and so tells whose turn it was. */
  add(tenant: string, change?: Partial<Release>, limits?: RunLimits): Promise<ReleaseName>;
  /** Ids of what one pump releases. */
  pump(lane?: string): Promise<string[]>;
  /** Pumps and leaves, one slot at a time, until so many have run; their ids in order. */
  serve(most: number): Promise<string[]>;
  /** As if so many ms had passed for the lane's buckets. */
  passMs(ms: number): Promise<void>;
  close(): Promise<void>;
}

export async function openTestFeed(url = process.env.HOLDFAST_TEST_REDIS_URL): Promise<TestFeed> {
  if (!url) throw new Error('HOLDFAST_TEST_REDIS_URL is not set: run the tests with `npm test`, which starts a Redis');
  const redis = connectRedis(url, 'worker', silent);
  await untilReady(redis, 5_000);
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const lane = 'default';
  const feed = new Feed({ redis, prefix });
  const laneKey = `{${prefix}-queue}::lane:${lane}`;
  let added = 0;
  const pump = async (of = lane) => (await feed.pump(of, false)).released.map(({ jobId }) => jobId);
  return {
    redis,
    prefix,
    lane,
    feed,
    pump,
    async add(tenant, change = {}, limits) {
      added += 1;
      const release = { jobId: `${tenant}-${added}`, release: 1, lane, tenant, tokens: 10 };
      const described = { ...release, delayMs: 0, deadlineInMs: null, priority: 0, again: false, ...change };
      await feed.enter(described, limits ?? null, limits !== undefined);
      return described;
    },
    async serve(most) {
      await feed.announce(lane, 'one', 1);
      const served: string[] = [];
      while (served.length < most) {
        const [jobId] = await pump();
        if (jobId === undefined) break;
        served.push(jobId);
        await feed.leave(lane, { jobId, release: 1 });
      }
      return served;
    },
    async passMs(ms) {
      for (const field of ['filled_at', 'shut_until', 'left_until']) {
        const at = await redis.hget(laneKey, field);
        if (at !== null) await redis.hset(laneKey, field, Number(at) - ms);
      }
    },
    close: () => disconnectRedis(redis),
  };
}
