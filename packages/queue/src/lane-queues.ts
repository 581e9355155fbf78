/**
 * Stage 2 of 6, the producing side. Before it: `apps/api`, which has accepted the job; after it: `lane-worker.ts`.
 * What BullMQ holds is which job to run and when; prompts and answers never get into it.
 */
import type { JobQueue, Release } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import { Queue } from 'bullmq';
import { queueJobId, queuePrefix } from './names.ts';

/** The data of a BullMQ job. */
export interface ReleaseData {
  jobId: string;
  release: number;
}

interface LaneOptions {
  redis: Redis;
  prefix: string;
  lane: string;
}

/** Retries are counted and limited by the record; BullMQ is told each time how long to wait. */
const UNLIMITED = 1_000_000;

/** Ended releases are kept for the board only: the journal doesn't need them. */
const KEPT = { completed: { count: 1_000, age: 86_400 }, failed: { count: 5_000, age: 86_400 } };

/** A lane's queue, on a connection that stays the caller's: closing the queue doesn't close it. */
export function openLaneQueue({ redis, prefix, lane }: LaneOptions): Queue<ReleaseData> {
  return new Queue<ReleaseData>(lane, {
    connection: redis,
    prefix: queuePrefix(prefix),
    // A request must not wait for Redis to come back; it is answered with 503 at once.
    skipWaitingForReady: true,
    defaultJobOptions: {
      attempts: UNLIMITED,
      backoff: { type: 'custom' },
      stackTraceLimit: 0,
      removeOnComplete: KEPT.completed,
      removeOnFail: KEPT.failed,
    },
  });
}

/** 0 would come before all others in BullMQ and lower numbers come first; ours are -100 to 100, higher first. */
function queuePriority(priority: number): number {
  return 101 - priority;
}

export class LaneQueues implements JobQueue {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #queues = new Map<string, Queue<ReleaseData>>();
  readonly #onError: (error: Error) => void;

  constructor(options: { redis: Redis; prefix: string; onError: (error: Error) => void }) {
    this.#redis = options.redis;
    this.#prefix = options.prefix;
    this.#onError = options.onError;
  }

  async enqueue({ jobId, release, lane, delayMs, priority }: Release): Promise<void> {
    await this.#queue(lane).add(
      'job',
      { jobId, release },
      {
        jobId: queueJobId(jobId, release),
        delay: delayMs,
        priority: queuePriority(priority),
      },
    );
  }

  async remove({ jobId, release, lane }: Pick<Release, 'jobId' | 'release' | 'lane'>): Promise<void> {
    // Returns 0 for one that a worker holds: that worker finds out from the journal.
    await this.#queue(lane).remove(queueJobId(jobId, release));
  }

  async unknown(releases: readonly Pick<Release, 'jobId' | 'release' | 'lane'>[]): Promise<Set<string>> {
    const states = await Promise.all(
      releases.map(({ jobId, release, lane }) => this.#queue(lane).getJobState(queueJobId(jobId, release))),
    );
    const held = new Set(['waiting', 'prioritized', 'delayed', 'active', 'waiting-children']);
    return new Set(releases.filter((_, at) => !held.has(states[at] ?? '')).map(({ jobId }) => jobId));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
  }

  #queue(lane: string): Queue<ReleaseData> {
    const known = this.#queues.get(lane);
    if (known) return known;
    const queue = openLaneQueue({ redis: this.#redis, prefix: this.#prefix, lane });
    queue.on('error', this.#onError);
    this.#queues.set(lane, queue);
    return queue;
  }
}
