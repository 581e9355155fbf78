/** A lane of one's own, BullMQ's part included, on the test run's real Redis. For tests. */
import { randomBytes } from 'node:crypto';
import { Cell } from '@holdfast/cell';
import type { AttemptError, Limits, Logger, Outcome, ReleaseName } from '@holdfast/core';
import { connectRedis, disconnectRedis, type Redis, untilReady } from '@holdfast/redis';
import type { Job, Queue } from 'bullmq';
import { type NewTestJob, silent, TestCell } from '../../cell/testing/cell.ts';
import { sharedRedisUrl } from '../../core/testing/shared-redis.ts';
import { BullQueues } from '../src/bullmq/bull-queues.ts';
import { LaneQueues } from '../src/bullmq/lane-queues.ts';
import { LaneWorker } from '../src/bullmq/lane-worker.ts';
import { queueJobId } from '../src/names.ts';

export { until } from '../../core/testing/until.ts';

export { silent };

/** An outcome, before the job is ended or put back by it. */
export type TestOutcome =
  | { kind: 'completed' | 'cancelled' | 'ended' | 'lost' | 'again' }
  | { kind: 'failed'; error: AttemptError }
  | { kind: 'retry'; error: AttemptError; delayMs: number }
  | { kind: 'deferred'; delayMs: number };

export type TestRun = (release: ReleaseName, lockLost: AbortSignal) => TestOutcome | Promise<TestOutcome>;

export interface TestLane {
  redis: Redis;
  prefix: string;
  lane: string;
  cell: TestCell;
  queues: LaneQueues;
  /** BullMQ's own view of the lane. */
  board: Queue<ReleaseName>;
  /** What tenants may run; none are limited at first. */
  limits: Map<string, Limits>;
  /** Submits a job and has the lane dispatched; the release it waits under. */
  submit(jobId: string, change?: NewTestJob): Promise<ReleaseName>;
  /** The release that a job has now. */
  release(jobId: string): Promise<ReleaseName>;
  /** BullMQ's entry of a job's release, or of the first that the job was submitted under. */
  entry(job: string | ReleaseName): Promise<Job<ReleaseName> | undefined>;
  state(job: string | ReleaseName): Promise<string>;
  /** As a worker that takes so many, and does nothing. */
  takes(concurrency: number, lane?: string): Promise<void>;
  /** Starts a worker, which ends the job by the outcome; `close` abandons it if the test hasn't ended it. */
  work(run: TestRun, options?: { concurrency?: number; logger?: Logger }): Promise<LaneWorker>;
  close(): Promise<void>;
}

/** Ends the job, or puts it back, as an attempt with this outcome does. */
async function conclude(cell: TestCell, jobId: string, outcome: TestOutcome): Promise<Outcome> {
  if (outcome.kind === 'ended' || outcome.kind === 'lost' || outcome.kind === 'again') return { kind: outcome.kind };
  const goesBack = outcome.kind === 'retry' || outcome.kind === 'deferred';
  const end = goesBack ? { status: 'queued', delayMs: outcome.delayMs } : { status: outcome.kind };
  const [kind, , ...unblocked] = await cell.finish(await cell.claim(jobId), end);
  if (kind !== 'applied') throw new Error(`not finished: ${kind}`);
  return { ...outcome, unblocked: unblocked as string[] } as Outcome;
}

async function connect() {
  const url = sharedRedisUrl();
  const [producer, redis] = [connectRedis(url, 'producer', silent), connectRedis(url, 'worker', silent)];
  await Promise.all([untilReady(producer, 60_000), untilReady(redis, 60_000)]);
  const disconnect = async () => void (await Promise.all([disconnectRedis(producer), disconnectRedis(redis)]));
  return { producer, redis, disconnect };
}

export async function openTestLane(): Promise<TestLane> {
  const { producer, redis, disconnect } = await connect();
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const lane = 'default';
  const own = new Cell({ redis, prefix, retentionMs: 3_600_000 });
  const cell = new TestCell(own);
  const limits = new Map<string, Limits>();
  const ready = new BullQueues(own.over(producer), () => undefined);
  const limitsOf = async (tenant: string) => limits.get(tenant) ?? {};
  const queues = new LaneQueues({ cell: own.over(producer), ready, onError: () => undefined, limitsOf });
  const seen = new BullQueues(own, () => undefined);
  const board = seen.queue(lane);
  const workers: LaneWorker[] = [];
  const first = new Map<string, ReleaseName>();
  const release = async (jobId: string) => ({ jobId, release: Number((await cell.record(jobId)).release) });
  const idOf = (job: string | ReleaseName) =>
    queueJobId(typeof job === 'string' ? (first.get(job) ?? { jobId: job, release: 0 }) : job);
  return {
    redis,
    prefix,
    lane,
    cell,
    queues,
    board,
    limits,
    release,
    async submit(jobId, change = {}) {
      await cell.submit({ lane, ...change, id: jobId });
      const submitted = await release(jobId);
      if (!first.has(jobId)) first.set(jobId, submitted);
      queues.dispatch(change.lane ?? lane);
      return submitted;
    },
    entry: (job) => board.getJob(idOf(job)),
    state: (job) => board.getJobState(idOf(job)),
    async takes(concurrency, of = lane) {
      await queues.scheduler.announce(of, 'idle', concurrency);
      queues.dispatch(of);
    },
    async work(run, { concurrency = 1, logger = silent } = {}) {
      const attempt: LaneWorkerRun = async (one, lockLost) => conclude(cell, one.jobId, await run(one, lockLost));
      const worker = new LaneWorker({ lane, cell: own, queues, concurrency, logger, run: attempt });
      workers.push(worker);
      await worker.ready();
      return worker;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.abandon()));
      await Promise.all([queues.close(), ready.close(), seen.close()]);
      await disconnect();
    },
  };
}

type LaneWorkerRun = ConstructorParameters<typeof LaneWorker>[0]['run'];
