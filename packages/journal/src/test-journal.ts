/** A journal on the test run's real Redis, under a prefix of its own. For tests. */
import { randomBytes } from 'node:crypto';
import type { Logger } from '@holdfast/core';
import { jobIdFor } from '@holdfast/core';
import { connectRedis, disconnectRedis, type Redis, untilReady } from '@holdfast/redis';
import { AttemptWriter, type JournalRefusal } from './attempt-writer.ts';
import type { Claim } from './claim.ts';
import { FlushClock } from './flush-clock.ts';
import { Journal, type NewJob } from './journal.ts';
import { LiveFeed } from './live-feed.ts';

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export interface TestJournal {
  journal: Journal;
  redis: Redis;
  subscriber: Redis;
  feed: LiveFeed;
  clock: FlushClock;
  accept(key: string, extra?: Partial<NewJob['request']>): Promise<NewJob>;
  claim(jobId: string): Promise<Claim>;
  writer(claim: Claim, seen?: { cancel?: () => void; refused?: (refusal: JournalRefusal) => void }): AttemptWriter;
  close(): Promise<void>;
}

export async function openTestJournal(retentionMs = 60_000): Promise<TestJournal> {
  const url = process.env.HOLDFAST_TEST_REDIS_URL;
  if (!url) throw new Error('HOLDFAST_TEST_REDIS_URL is not set: run the tests with `npm test`, which starts a Redis');
  const redis = connectRedis(url, 'worker', silent);
  const subscriber = connectRedis(url, 'subscriber', silent);
  await Promise.all([untilReady(redis, 5_000), untilReady(subscriber, 5_000)]);
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const journal = new Journal({ redis, prefix, retentionMs });
  const clock = new FlushClock({ journal, logger: silent });
  return {
    journal,
    redis,
    subscriber,
    clock,
    feed: new LiveFeed(subscriber),
    async accept(key, extra = {}) {
      const request = { task: 'chat.completions', input: { model: 'sim' }, ...extra };
      const requestText = JSON.stringify(request);
      const id = jobIdFor('acme', key);
      const described = { id, tenant: 'acme', lane: 'default', request, requestText, digest: requestText };
      const job = { ...described, release: 1, tokens: 10 };
      await journal.accept(job);
      return job;
    },
    async claim(jobId) {
      const reply = await journal.claim(jobId, 1);
      if (reply.kind !== 'claimed') throw new Error(`not claimed: ${reply.kind}`);
      return reply.claim;
    },
    writer: ({ jobId, attempt, ticket, seq }, seen = {}) =>
      new AttemptWriter({
        clock,
        jobId,
        attempt,
        ticket,
        seq,
        onCancelRequested: seen.cancel ?? (() => undefined),
        onRefused: seen.refused ?? (() => undefined),
      }),
    async close() {
      await Promise.all([disconnectRedis(redis), disconnectRedis(subscriber)]);
    },
  };
}
