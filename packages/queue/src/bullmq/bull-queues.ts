/** BullMQ's queues, one per lane and cell. Only this file adds to them. An entry only says which job to run. */
import type { Cell } from '@holdfast/cell';
import type { ReadyQueue, ReleaseName } from '@holdfast/core';
import { Queue } from 'bullmq';
import { queueJobId } from '../names.ts';

/** A run that threw is repeated without limit; all other retries are new releases. */
const UNLIMITED = 1_000_000;

/** Ended releases are kept only for the board: the journal doesn't need them. */
const RETENTION = { completed: { count: 100, age: 3_600 }, failed: { count: 1_000, age: 86_400 } };

/** The length of BullMQ's stream of events: as short as BullMQ allows, because nobody reads it. */
const MAX_EVENTS = 10;

const HELD: ReadonlySet<string> = new Set(['waiting', 'prioritized', 'delayed', 'active', 'waiting-children']);

export class BullQueues implements ReadyQueue {
  readonly #cell: Cell;
  readonly #onError: (error: Error) => void;
  readonly #queues = new Map<string, Queue<ReleaseName>>();

  constructor(cell: Cell, onError: (error: Error) => void) {
    this.#cell = cell;
    this.#onError = onError;
  }

  async add(lane: string, releases: readonly ReleaseName[]): Promise<void> {
    if (releases.length === 0) return;
    await this.queue(lane).addBulk(releases.map((data) => ({ name: 'job', data, opts: { jobId: queueJobId(data) } })));
  }

  async remove(lane: string, release: ReleaseName): Promise<void> {
    await this.queue(lane).remove(queueJobId(release));
  }

  async stateOf(lane: string, release: ReleaseName): Promise<'held' | 'ended' | 'missing'> {
    const state = await this.queue(lane).getJobState(queueJobId(release));
    if (state === 'unknown') return 'missing';
    return HELD.has(state) ? 'held' : 'ended';
  }

  /** A lane's queue. Its connection belongs to the caller: closing the queue doesn't close it. */
  queue(lane: string): Queue<ReleaseName> {
    const known = this.#queues.get(lane);
    if (known) return known;
    const queue = new Queue<ReleaseName>(lane, {
      connection: this.#cell.redis,
      prefix: this.#cell.keys.bull,
      // A request must not wait until Redis is back: it is answered with 503 at once.
      skipWaitingForReady: true,
      streams: { events: { maxLen: MAX_EVENTS } },
      defaultJobOptions: {
        attempts: UNLIMITED,
        backoff: { type: 'custom' },
        stackTraceLimit: 0,
        removeOnComplete: RETENTION.completed,
        removeOnFail: RETENTION.failed,
      },
    });
    queue.on('error', this.#onError);
    this.#queues.set(lane, queue);
    return queue;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
  }
}
