/**
 * Stage 2 of 6, the consuming side. Before it: `lane-queues.ts`; after it: `apps/worker`, which gets one release at a time and
 * returns an outcome.
 *
 *   1. run          one attempt at the job of a release. Afterwards its outcome is in the journal, and its permit is free
 *   2. dispatch     what may run now is handed over
 *   3. acknowledge  the only place where outcomes are translated for BullMQ
 *
 * While the process's event loop is blocked, `heartbeat.ts` renews its locks from another thread.
 *
 * A worker announces how many jobs it takes, or nothing would be dispatched for it. When a worker dies, BullMQ hands its jobs to
 * another one after their locks have expired, and they keep their permits. BullMQ does that without limit: the record counts
 * crashes, and decides how many are too many.
 */
import type { Cell } from '@holdfast/cell';
import type { Logger, Outcome, ReleaseName } from '@holdfast/core';
import { ErrorCode, UnrecoverableError, Worker } from 'bullmq';
import { LOCK_MS } from '../names.ts';
import type { WorkedLane } from '../presence/heartbeat.ts';
import type { LaneQueues } from './lane-queues.ts';

/**
 * How old a lock may get before it is renewed. BullMQ's default, half of the lock's time, is too much on a busy machine, where a
 * renewal itself may take seconds: a job whose lock is lost is called for again, and paid for again.
 */
const RENEW_LOCKS_MS = LOCK_MS / 4;
/** The second check after a lock has expired hands the job over: at most 6 s after the death of its worker. */
const STALLED_CHECK_MS = 1_000;
/** Pause after a failed fetch, as while Redis is away. With BullMQ's default of 15 s a worker would be idle for that long. */
const RETRY_FETCH_MS = 500;
const NEVER_GIVE_UP = 1_000_000_000;
/** How often the worker announces itself. After 10 s of silence it counts as gone. */
const ANNOUNCE_EVERY_MS = 2_000;

interface LaneWorkerOptions {
  lane: string;
  /** On a connection with the role `worker`, which the caller closes. */
  cell: Cell;
  queues: LaneQueues;
  /** Jobs at once. */
  concurrency: number;
  logger: Logger;
  /**
   * Runs one attempt. `lockLost` fires when another worker may have taken the job. If it throws, as when claiming the job
   * fails, it is called again a second later.
   */
  run: (release: ReleaseName, lockLost: AbortSignal) => Promise<Outcome>;
}

/** Pause before a run that threw, or was rolled back, is repeated. */
const RETRY_THROWN_MS = 1_000;

/** Errors are given to BullMQ as codes only: it stores and shows them, and a provider's message may quote a prompt. */
function acknowledge(outcome: Exclude<Outcome, { kind: 'again' }>): string {
  switch (outcome.kind) {
    case 'completed':
    case 'cancelled':
    case 'ended':
    case 'lost':
    // These two continue under another release: this one is done.
    case 'retry':
    case 'deferred':
      return outcome.kind;
    case 'failed':
      throw new UnrecoverableError(outcome.error.code);
  }
}

/** BullMQ's answers to an acknowledgement without the entry's lock: another worker has the entry, or has acknowledged it. */
const lockLostCodes: ReadonlySet<unknown> = new Set([
  ErrorCode.JobNotExist,
  ErrorCode.JobLockNotExist,
  ErrorCode.JobNotInState,
  ErrorCode.JobLockMismatch,
]);

export class LaneWorker {
  readonly #worker: Worker<ReleaseName, string>;
  readonly #locks = new Map<string, AbortController>();
  readonly #announce: (concurrency: number) => Promise<void>;
  readonly #announcing: NodeJS.Timeout;
  /** The lane, the worker's name, and how many jobs it takes. */
  readonly works: WorkedLane;
  #gone = false;

  constructor({ lane, cell, queues, concurrency, logger, run }: LaneWorkerOptions) {
    let lastLogged = 0;
    const warn = (fields: object, message: string) => {
      // While Redis is away or full, every try of every job fails: one line a second is enough.
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
            warn({ jobId: data.jobId, error }, 'attempt threw');
            throw new Error('internal_error');
          });
          // The job keeps its permit, and its lock until it is run again.
          if (outcome.kind === 'again') throw new Error('rolled back');
          if ('unblocked' in outcome) queues.dispatch(...outcome.unblocked);
          // Before the acknowledgement, so that BullMQ has the next release and hands it out in the same step.
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
      // If it fails, the next announcement comes soon.
      await queues.scheduler
        .announce(lane, this.#worker.id, takes)
        .catch((error: unknown) => warn({ error }, 'this worker could not be announced'));
      queues.dispatch(lane);
    };
    this.#announcing = setInterval(() => void this.#announce(concurrency), ANNOUNCE_EVERY_MS);
    // A lost lock is no error of the queue. The attempt ends by it, and the log says so of the attempt.
    let lostLocks = 0;
    this.#worker.on('lockRenewalFailed', (ids) => {
      // BullMQ emits an error for each of them at once.
      lostLocks = ids.length;
      for (const id of ids) this.#locks.get(id)?.abort(new Error('lock lost'));
    });
    this.#worker.on('error', (error) => {
      const isLostLock = lostLocks > 0 || lockLostCodes.has((error as { code?: unknown }).code);
      if (lostLocks > 0) lostLocks -= 1;
      if (isLostLock) logger.debug({ lane, error }, 'the lock of a job is lost');
      else warn({ error }, 'queue error');
    });
  }

  /** Jobs that it runs now. */
  get running(): number {
    return this.#locks.size;
  }

  async ready(): Promise<void> {
    await this.#worker.waitUntilReady();
    await this.#announce(this.works.concurrency);
  }

  /** Takes no more jobs. Resolves when the running ones are acknowledged; set a time limit, since that may take long. */
  async drain(): Promise<void> {
    this.#stopAnnouncing();
    // Not only `close`: once begun, it can't be forced any more, and `abandon` would have to wait too.
    await this.#worker.pause();
    await this.#worker.close();
  }

  /** Ends without waiting for running jobs: their locks expire, and other workers take them over. */
  async abandon(): Promise<void> {
    this.#stopAnnouncing();
    await this.#worker.close(true);
  }

  /** Not awaited: that could take as long as Redis is away. */
  #stopAnnouncing(): void {
    clearInterval(this.#announcing);
    if (!this.#gone) void this.#announce(0);
    this.#gone = true;
  }
}
