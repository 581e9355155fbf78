/** A journal on the test run's real Redis, under a prefix of its own. For tests. */
import { randomBytes } from 'node:crypto';
import { Cell } from '@holdfast/cell';
import type { Logger } from '@holdfast/core';
import { jobIdFor } from '@holdfast/core';
import { connectRedis, disconnectRedis, type Redis, untilReady } from '@holdfast/redis';
import { sharedRedisUrl } from '../../core/testing/shared-redis.ts';
import type { Claim } from '../src/claim.ts';
import { Journal } from '../src/journal.ts';
import type { Admission, NewJob } from '../src/new-job.ts';
import { LiveFeed } from '../src/read/live-feed.ts';
import { readLog } from '../src/read/read-log.ts';
import type { JournalRefusal } from '../src/write/append.ts';
import { AttemptWriter } from '../src/write/attempt-writer.ts';
import { FlushClock } from '../src/write/flush-clock.ts';

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export interface TestJournal {
  journal: Journal;
  redis: Redis;
  subscriber: Redis;
  feed: LiveFeed;
  clock: FlushClock;
  submit(key: string, extra?: Partial<NewJob['request']>): Promise<NewJob>;
  claim(jobId: string): Promise<Claim>;
  writer(claim: Claim, seen?: { cancel?: () => void; refused?: (refusal: JournalRefusal) => void }): AttemptWriter;
  /** The events after a cursor, as readers get them. */
  logOf(jobId: string, after?: number): Promise<string>;
  /** Number of the job's newest hand-over. */
  releaseOf(jobId: string): Promise<number>;
  close(): Promise<void>;
}

/** An admission without limits. */
export const free: Admission = { limits: {}, estimateUsd: null };

export async function openTestJournal(retentionMs = 3_600_000): Promise<TestJournal> {
  const url = sharedRedisUrl();
  const redis = connectRedis(url, 'worker', silent);
  const subscriber = connectRedis(url, 'subscriber', silent);
  await Promise.all([untilReady(redis, 60_000), untilReady(subscriber, 60_000)]);
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const journal = new Journal(new Cell({ redis, prefix, retentionMs }));
  const clock = new FlushClock({ journal, logger: silent });
  const releaseOf = async (jobId: string) => Number(await redis.hget(journal.keysOf(jobId).record, 'release'));
  return {
    journal,
    redis,
    subscriber,
    clock,
    feed: new LiveFeed(subscriber),
    async submit(key, extra = {}) {
      const request = { task: 'chat.completions', input: { model: 'sim' }, ...extra };
      const requestText = JSON.stringify(request);
      const id = jobIdFor('acme', key);
      const described = { id, tenant: 'acme', lane: 'default', request, requestText, digest: requestText };
      const job = { ...described, tokens: 10 };
      await journal.submit(job, free);
      return job;
    },
    async claim(jobId) {
      const reply = await journal.claim(jobId, await releaseOf(jobId));
      if (reply.kind !== 'claimed') throw new Error(`not claimed: ${reply.kind}`);
      return reply.claim;
    },
    writer: ({ jobId, attempt, token, seq }, seen = {}) =>
      new AttemptWriter({
        clock,
        jobId,
        attempt,
        token,
        seq,
        onCancelRequested: seen.cancel ?? (() => undefined),
        onRefused: seen.refused ?? (() => undefined),
      }),
    releaseOf,
    async logOf(jobId, after = 0) {
      const windows: Buffer[] = [];
      for await (const window of readLog(journal, jobId, after)) windows.push(window);
      return Buffer.concat(windows).toString();
    },
    async close() {
      await Promise.all([disconnectRedis(redis), disconnectRedis(subscriber)]);
    },
  };
}
