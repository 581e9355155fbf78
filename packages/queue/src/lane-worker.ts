/**
 * Stage 2 of 6, the consuming side. Before it: `lane-queues.ts`; after it: `apps/worker`, which is handed one release at
 * a time and answers with an outcome. `acknowledge` below is the one place where outcomes become what BullMQ is told.
 *
 * BullMQ finds a job whose worker died when its lock has run out, and hands it to another. It does so for ever: how many
 * crashes are too many is the record's business, not BullMQ's.
 */
import type { Logger, Outcome } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import { DelayedError, type Job, UnrecoverableError, Worker } from 'bullmq';
import type { ReleaseData } from './lane-queues.ts';
import { queuePrefix } from './names.ts';

/**
 * A lock lasts so long after its last renewal (every half of it). The check after the one that saw it expired hands the job
 * over: 6 s at most after a worker has died.
 */
const LOCK_MS = 5_000;
const STALLED_CHECK_MS = 1_000;
/** Pause after a fetch that failed, as while Redis is away; BullMQ's default of 15 s would idle a worker that long. */
const RETRY_FETCH_MS = 500;
const NEVER_GIVE_UP = 1_000_000_000;

interface LaneWorkerOptions {
  lane: string;
  /** A connection with the role `worker`; stays the caller's. */
  redis: Redis;
  prefix: string;
  /** Jobs at once. */
  concurrency: number;
  logger: Logger;
  /**
   * Runs one attempt. `lockLost` fires when another worker may have taken the job. One that throws, as it may where even
   * claiming the job fails, is asked again a second later.
   */
  run: (release: ReleaseData, lockLost: AbortSignal) => Promise<Outcome>;
}

/** Pause before a run that threw is asked again. */
const RETRY_THROWN_MS = 1_000;

/** Thrown to BullMQ for an outcome of `retry`; `backoffStrategy` reads the delay. */
class RetryLater extends Error {
  readonly delayMs: number;
  constructor(code: string, delayMs: number) {
    super(code);
    this.delayMs = delayMs;
  }
}

/** Errors are named by code only: what a provider said may quote a prompt, and BullMQ keeps and shows it. */
async function acknowledge(outcome: Outcome, job: Job<ReleaseData>, token: string | undefined): Promise<string> {
  switch (outcome.kind) {
    case 'completed':
    case 'cancelled':
    case 'ended':
    case 'lost':
      return outcome.kind;
    case 'failed':
      throw new UnrecoverableError(outcome.error.code);
    case 'retry':
      throw new RetryLater(outcome.error.code, outcome.delayMs);
    case 'deferred':
      await job.moveToDelayed(Date.now() + outcome.delayMs, token);
      throw new DelayedError();
  }
}

export class LaneWorker {
  readonly #worker: Worker<ReleaseData, string>;
  readonly #locks = new Map<string, AbortController>();

  constructor({ lane, redis, prefix, concurrency, logger, run }: LaneWorkerOptions) {
    let lastLogged = 0;
    const complain = (fields: object, message: string) => {
      // Redis away or full makes one of these per try of every job: a line a second tells as much.
      if (Date.now() - lastLogged < 1_000) return;
      lastLogged = Date.now();
      logger.warn({ lane, ...fields }, message);
    };
    this.#worker = new Worker<ReleaseData, string>(
      lane,
      async (job, token) => {
        const lock = new AbortController();
        const id = job.id ?? '';
        this.#locks.set(id, lock);
        try {
          const outcome = await run(job.data, lock.signal).catch((error: unknown) => {
            complain({ jobId: job.data.jobId, error }, 'attempt threw');
            throw new RetryLater('internal_error', RETRY_THROWN_MS);
          });
          return await acknowledge(outcome, job, token);
        } finally {
          if (this.#locks.get(id) === lock) this.#locks.delete(id);
        }
      },
      {
        connection: redis,
        prefix: queuePrefix(prefix),
        concurrency,
        lockDuration: LOCK_MS,
        stalledInterval: STALLED_CHECK_MS,
        maxStalledCount: NEVER_GIVE_UP,
        runRetryDelay: RETRY_FETCH_MS,
        settings: {
          backoffStrategy: (_attempts, _type, error) => (error instanceof RetryLater ? error.delayMs : RETRY_THROWN_MS),
        },
      },
    );
    this.#worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) this.#locks.get(id)?.abort(new Error('lock lost'));
    });
    this.#worker.on('error', (error) => complain({ error }, 'queue error'));
  }

  async ready(): Promise<void> {
    await this.#worker.waitUntilReady();
  }

  /** Takes no more jobs; resolves when those under way are acknowledged. Bound it: it waits as long as they take. */
  async drain(): Promise<void> {
    // Not by `close` alone: begun, BullMQ's can't be forced any more, and `abandon` would wait as well.
    await this.#worker.pause();
    await this.#worker.close();
  }

  /** Ends without waiting for jobs under way; their locks run out and others take them up. */
  async abandon(): Promise<void> {
    await this.#worker.close(true);
  }
}
