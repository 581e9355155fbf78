/** A lane's queue in BullMQ, and what is kept of entries that have ended. */
import type { Redis } from '@holdfast/redis';
import { Queue } from 'bullmq';
import { queuePrefix, type ReleaseName } from './names.ts';

/** A run that threw is asked again for as long as it takes; all other retries are new releases. */
const UNLIMITED = 1_000_000;

/** Ended releases are kept for the board only: the journal doesn't need them. */
const KEPT = { completed: { count: 1_000, age: 86_400 }, failed: { count: 5_000, age: 86_400 } };

/** A lane's queue, on a connection that stays the caller's: closing the queue doesn't close it. */
export function openLaneQueue(options: { redis: Redis; prefix: string; lane: string }): Queue<ReleaseName> {
  const { redis, prefix, lane } = options;
  return new Queue<ReleaseName>(lane, {
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
