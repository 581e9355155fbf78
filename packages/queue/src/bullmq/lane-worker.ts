/**
 * Stage 2 of 6, the consuming side. Before it: `lane-queues.ts`; after it: `apps/worker`, which is handed one release at
 * a time and answers with an outcome.
 *
 *   1. run          BullMQ has a release: one attempt at its job. What became of it is in the journal, and its permit is free
 *   2. dispatch     what may run now is handed over
 *   3. acknowledge  the one place where outcomes become what BullMQ is told
 *
 * While the process's event loop is blocked, `heartbeat.ts` renews its locks from another thread.
 *
 * A worker says how many jobs it takes, or nothing would be dispatched for it. BullMQ finds a job whose worker died when its
 * lock has run out, and hands it to another, permit and all. It does so forever: how many crashes are too many is the
 * record's business, not BullMQ's.
 */
import type { Cell } from '@holdfast/cell';
import type { Logger, Outcome, ReleaseName } from '@holdfast/core';
import { UnrecoverableError, Worker } from 'bullmq';
import { LOCK_MS } from '../names.ts';
import type { WorkedLane } from '../presence/heartbeat.ts';
import type { LaneQueues } from './lane-queues.ts';

/**
 * How old a lock gets. BullMQ's own half of its time is too much on a busy machine, where a renewal itself may take seconds: a
 * job whose lock is lost is called for again, and paid again.
 */
const RENEW_LOCKS_MS = LOCK_MS / 4;
/** The check after the one that saw a lock expired hands the job over: 6 s at most after a worker has died. */
const STALLED_CHECK_MS = 1_000;
/** Pause after a fetch that failed, as while Redis is away; BullMQ's default of 15 s would idle a worker that long. */
const RETRY_FETCH_MS = 500;
const NEVER_GIVE_UP = 1_000_000_000;
/** How often the worker says that it is there; silent for 10 s it is taken for gone. */
const ANNOUNCE_EVERY_MS = 2_000;

interface LaneWorkerOptions {
  lane: string;
  /** Over a connection with the role `worker`; that stays the caller's. */
  cell: Cell;
  queues: LaneQueues;
  /** Jobs at once. */
  concurrency: number;
  logger: Logger;
  /**
   * Runs one attempt. `lockLost` fires when another worker may have taken the job. One that throws, as it may where even
   * claiming the job fails, is asked again a second later.
   */
  run: (release: ReleaseName, lockLost: AbortSignal) => Promise<Outcome>;
}

/** Pause before a run that threw, or was undone, is asked again. */
const RETRY_THROWN_MS = 1_000;

/** Errors are named by code only: what a provider said may quote a prompt, and BullMQ keeps and shows it. */
function acknowledge(outcome: Exclude<Outcome, { kind: 'again' }>): string {
  switch (outcome.kind) {
    case 'completed':
    case 'cancelled':
    case 'ended':
    case 'lost':
    // These two go on under another release: this one is done.
    case 'retry':
    case 'deferred':
      return outcome.kind;
    case 'failed':
      throw new UnrecoverableError(outcome.error.code);
  }
}

export class LaneWorker {
  readonly #worker: Worker<ReleaseName, string>;
  readonly #locks = new Map<string, AbortController>();
  readonly #announce: (concurrency: number) => Promise<void>;
  readonly #announcing: NodeJS.Timeout;
  /** What it takes, and under which name. */
  readonly works: WorkedLane;
  #gone = false;

  constructor({ lane, cell, queues, concurrency, logger, run }: LaneWorkerOptions) {
    let lastLogged = 0;
    const complain = (fields: object, message: string) => {
      // Redis away or full makes one of these per try of every job: a line a second tells as much.
      if (Date.now() - lastLogged < 1_000) return;
      lastLogged = Date.now();
      logger.warn({ lane, ...fields }, message);
    };
    this.#worker = new Worker<ReleaseName, string>(
      lane,
      async ({ id = '', data }) => {
        const lock = new AbortController();
        this.#locks.set(id, lock);
        try {
          const outcome = await run(data, lock.signal).catch((error: unknown) => {
            complain({ jobId: data.jobId, error }, 'attempt threw');
            throw new Error('internal_error');
          });
          // It keeps its permit, and its lock until it is asked again.
          if (outcome.kind === 'again') throw new Error('undone');
          if ('unblocked' in outcome) queues.dispatch(...outcome.unblocked);
          // Before this one is acknowledged: then BullMQ has the next one, and gives it out in the same step.
          await queues.dispatched(lane);
          return acknowledge(outcome);
        } finally {
          if (this.#locks.get(id) === lock) this.#locks.delete(id);
        }
      },
      {
        connection: cell.redis,
        prefix: cell.keys.bull,
        concurrency,
        lockDuration: LOCK_MS,
        lockRenewTime: RENEW_LOCKS_MS,
        stalledInterval: STALLED_CHECK_MS,
        maxStalledCount: NEVER_GIVE_UP,
        runRetryDelay: RETRY_FETCH_MS,
        settings: { backoffStrategy: () => RETRY_THROWN_MS },
      },
    );
    this.works = { lane, worker: this.#worker.id, concurrency };
    this.#announce = async (takes) => {
      // Should it fail, the next time is soon.
      await queues.scheduler
        .announce(lane, this.#worker.id, takes)
        .catch((error: unknown) => complain({ error }, 'not announced'));
      queues.dispatch(lane);
    };
    this.#announcing = setInterval(() => void this.#announce(concurrency), ANNOUNCE_EVERY_MS);
    this.#worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) this.#locks.get(id)?.abort(new Error('lock lost'));
    });
    this.#worker.on('error', (error) => complain({ error }, 'queue error'));
  }

  async ready(): Promise<void> {
    await this.#worker.waitUntilReady();
    await this.#announce(this.works.concurrency);
  }

  /** Takes no more jobs; resolves when those under way are acknowledged. Bound it: it waits as long as they take. */
  async drain(): Promise<void> {
    this.#withdraw();
    // Not by `close` alone: begun, BullMQ's can't be forced any more, and `abandon` would wait as well.
    await this.#worker.pause();
    await this.#worker.close();
  }

  /** Ends without waiting for jobs under way; their locks run out and others take them up. */
  async abandon(): Promise<void> {
    this.#withdraw();
    await this.#worker.close(true);
  }

  /** Not waited for: while Redis is away, that would take as long. */
  #withdraw(): void {
    clearInterval(this.#announcing);
    if (!this.#gone) void this.#announce(0);
    this.#gone = true;
  }
}
