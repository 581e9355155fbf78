/** A lane of one's own on the test run's real Redis. For tests. */
import { randomBytes } from 'node:crypto';
import type { Limits, Logger, Outcome, Release } from '@holdfast/core';
import { connectRedis, disconnectRedis, type Redis, untilReady } from '@holdfast/redis';
import type { Job, Queue } from 'bullmq';
import { openLaneQueue } from './lane-queue.ts';
import { LaneQueues } from './lane-queues.ts';
import { LaneWorker } from './lane-worker.ts';
import { queueJobId, type ReleaseName } from './names.ts';

const LANE = 'default';

const release: TestLane['release'] = (jobId, change = {}) => ({
  jobId,
  release: 1,
  lane: LANE,
  tenant: 'acme',
  tokens: 10,
  delayMs: 0,
  deadlineInMs: null,
  priority: 0,
  again: false,
  ...change,
});

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export interface TestLane {
  redis: Redis;
  prefix: string;
  lane: string;
  queues: LaneQueues;
  /** BullMQ's own view of the lane. */
  board: Queue<ReleaseName>;
  /** What tenants may run; none are limited at first. */
  limits: Map<string, Limits>;
  /** Releases that were past their deadlines. */
  expired: ReleaseName[];
  release(jobId: string, change?: Partial<Release>): Release;
  enqueue(jobId: string, change?: Partial<Release>): Promise<void>;
  entry(jobId: string, release?: number): Promise<Job<ReleaseName> | undefined>;
  state(jobId: string, release?: number): Promise<string>;
  /** As a worker that takes so many, and does nothing. */
  takes(concurrency: number): Promise<void>;
  /** Starts a worker; `close` abandons it if the test hasn't ended it. */
  work(
    run: (release: ReleaseName, lockLost: AbortSignal) => Outcome | Promise<Outcome>,
    options?: { concurrency?: number; logger?: Logger },
  ): Promise<LaneWorker>;
  close(): Promise<void>;
}

export async function openTestLane(): Promise<TestLane> {
  const url = process.env.HOLDFAST_TEST_REDIS_URL;
  if (!url) throw new Error('HOLDFAST_TEST_REDIS_URL is not set: run the tests with `npm test`, which starts a Redis');
  const [producer, redis] = [connectRedis(url, 'producer', silent), connectRedis(url, 'worker', silent)];
  await Promise.all([untilReady(producer, 5_000), untilReady(redis, 5_000)]);
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const lane = LANE;
  const limits = new Map<string, Limits>();
  const expired: ReleaseName[] = [];
  const queues = new LaneQueues({
    redis: producer,
    prefix,
    onError: () => undefined,
    limitsOf: async (tenant) => limits.get(tenant) ?? {},
    onExpired: (_lane, release) => void expired.push(release),
  });
  const board = openLaneQueue({ redis, prefix, lane });
  const workers: LaneWorker[] = [];
  const entry = (jobId: string, release = 1) => board.getJob(queueJobId({ jobId, release }));
  return {
    redis,
    prefix,
    lane,
    queues,
    board,
    limits,
    expired,
    entry,
    release,
    enqueue: (jobId, change) => queues.enqueue(release(jobId, change)),
    state: (jobId, number = 1) => board.getJobState(queueJobId({ jobId, release: number })),
    async takes(concurrency) {
      await queues.feed.announce(lane, 'idle', concurrency);
      queues.pump(lane);
    },
    async work(run, { concurrency = 1, logger = silent } = {}) {
      const options = { lane, redis, prefix, queues, concurrency, logger };
      const worker = new LaneWorker({ ...options, run: async (...args) => run(...args) });
      workers.push(worker);
      await worker.ready();
      return worker;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.abandon()));
      await Promise.all([queues.close(), board.close()]);
      await Promise.all([disconnectRedis(producer), disconnectRedis(redis)]);
    },
  };
}

/** Waits until `check` is true. @throws Error naming what was waited for, after `ms` */
export async function until(what: string, check: () => Promise<boolean> | boolean, ms = 10_000): Promise<void> {
  const end = performance.now() + ms;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
