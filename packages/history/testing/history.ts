/** A history of one's own, on the test run's real Redis. For tests. */
import { randomBytes } from 'node:crypto';
import type { EndedJob, Logger } from '@holdfast/core';
import { connectRedis, disconnectRedis, type Redis, untilReady } from '@holdfast/redis';
import { sharedRedisUrl } from '../../core/testing/shared-redis.ts';
import { addCount, type BucketKind, bucketShapes, formatCounts } from '../src/buckets.ts';
import { historyKeys } from '../src/keys.ts';
import { HistoryRecorder } from '../src/record/history-recorder.ts';

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export interface TestHistory {
  redis: Redis;
  prefix: string;
  /** The name of a bucket, or of another key of the history. */
  key(name: string, number?: number): string;
  /** The bucket that it is now, so many earlier. */
  number(kind: BucketKind, ago?: number): Promise<number>;
  /** As if the first flush had come so many minutes ago. */
  begin(minutesAgo: number): Promise<void>;
  /** Writes a field into the bucket that was so many ago. */
  write(kind: BucketKind, ago: number, field: string, ...counts: [index: number, count: number][]): Promise<void>;
  /** Another process: a recorder over a connection of its own. */
  recorder(): Promise<{ recorder: HistoryRecorder; redis: Redis }>;
  close(): Promise<void>;
}

export const endedJob: EndedJob = {
  tenant: 'acme',
  lane: 'default',
  task: 'chat.completions',
  outcome: 'completed',
  code: null,
  provider: null,
  seconds: 2,
};

export async function openTestHistory(url = sharedRedisUrl()): Promise<TestHistory> {
  const opened: Redis[] = [];
  const connect = async () => {
    const redis = connectRedis(url, 'worker', null);
    opened.push(redis);
    await untilReady(redis, 60_000);
    return redis;
  };
  const redis = await connect();
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const key = (name: string, number?: number) =>
    `${historyKeys(prefix).base}${name}${number === undefined ? '' : `:${number}`}`;
  const number = async (kind: BucketKind, ago = 0) => {
    const [seconds] = await redis.time();
    return Math.floor(Number(seconds) / bucketShapes[kind].seconds) - ago;
  };
  return {
    redis,
    prefix,
    key,
    number,
    async begin(minutesAgo) {
      const first = await number('minute', minutesAgo);
      const of = (kind: BucketKind) => Math.floor((first * 60) / bucketShapes[kind].seconds);
      const rolled = { minute: first, quarter: of('quarter'), hour: of('hour'), 'tenants-hour': of('tenants-hour') };
      await redis.hset(key('rolled'), rolled);
    },
    async write(kind, ago, field, ...counts) {
      const all: number[] = [];
      for (const [index, count] of counts) addCount(all, index, count);
      await redis.hset(key(kind, await number(kind, ago)), field, formatCounts(all));
    },
    async recorder() {
      const own = await connect();
      return { recorder: new HistoryRecorder({ redis: own, prefix, logger: silent }), redis: own };
    },
    async close() {
      // One that a test has disconnected would only start a timer.
      await Promise.all(opened.filter(({ status }) => status !== 'end').map((one) => disconnectRedis(one)));
    },
  };
}

/**
 * Plays what must not be torn by the end of a minute of Redis' clock, with a history of its own. If a minute has passed meanwhile, it is
 * played again.
 */
export async function inOneMinute(play: (history: TestHistory) => Promise<void>): Promise<void> {
  for (;;) {
    const history = await openTestHistory();
    try {
      const before = await history.number('minute');
      const failure = await play(history).then(
        () => null,
        (error: unknown) => ({ error }),
      );
      if ((await history.number('minute')) !== before) continue;
      if (failure) throw failure.error;
      return;
    } finally {
      await history.close();
    }
  }
}
