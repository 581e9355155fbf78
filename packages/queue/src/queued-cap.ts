/**
 * How many jobs of a tenant may wait at once (`max_queued`), exactly, over all processes: those in the feed's backlogs and
 * delays, and places reserved for jobs that are just being accepted. Enqueueing uses a reservation up.
 *
 * A crash between reserving and enqueueing leaves a reservation, which lapses; one that comes later is enqueued all the
 * same, because it was accepted.
 */
import type { Redis } from '@holdfast/redis';
import { dropReservationScript, reserveQueuedScript } from './scripts/tenant-limits.ts';

const LAPSES_AFTER_MS = 60_000;

export class QueuedCap {
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor({ redis, prefix }: { redis: Redis; prefix: string }) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  /** Reserves a place for the job; safe to repeat. False: as many wait as may. */
  async reserveQueued(tenant: string, jobId: string, maxQueued: number): Promise<boolean> {
    const args = [tenant, jobId, maxQueued, LAPSES_AFTER_MS];
    return (await reserveQueuedScript.run(this.#redis, this.#prefix, '', args)) === 1;
  }

  /** Gives the place back of a job that won't come. */
  async dropReservation(tenant: string, jobId: string): Promise<void> {
    await dropReservationScript.run(this.#redis, this.#prefix, '', [tenant, jobId]);
  }
}
