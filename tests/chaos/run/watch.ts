/**
 * Watches jobs from outside, twenty times a second. Measures how long each job that a fault hit made no progress.
 *
 *   taken over  from the last progress seen in one run of the job to the first token of its next run
 *   marked      from a fault that hits every running job to the next progress of each of them
 *
 * A time is exact to within two reads. It includes the time for which the job would have been silent anyway.
 */
import { setTimeout as delay } from 'node:timers/promises';

export interface JobProgress {
  ended: boolean;
  /** The number of the job's current run; 0 before the first. */
  run: number;
  /** Grows with everything that is stored of the job. */
  progress: number;
}

interface WatchedJob extends JobProgress {
  changedAt: number;
  /** Since when the job makes no progress, and the progress that it must exceed to have recovered. */
  interrupted: { since: number; beyond: number } | null;
}

const READ_EVERY_MS = 50;
/** The oldest open jobs. The others still wait for a worker, or have one and are read later. */
const MAX_JOBS_PER_READ = 500;

export interface WatchOptions {
  /** The progress of these jobs, in their order; null for a job that doesn't exist. */
  read: (ids: readonly string[]) => Promise<(JobProgress | null)[]>;
  /** The progress that a new run stores before its first token. */
  preamble: number;
}

export class Watch {
  readonly recoveryTimesMs: number[] = [];
  readonly #options: WatchOptions;
  readonly #open = new Map<string, WatchedJob>();
  readonly #stop = new AbortController();
  #watching: Promise<void> | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  get open(): number {
    return this.#open.size;
  }

  add(id: string): void {
    this.#open.set(id, { ended: false, run: 0, progress: 0, changedAt: performance.now(), interrupted: null });
  }

  /**
   * For a fault that hits everything: every job that runs is interrupted from now on. They are read before, because on a busy machine
   * the last read can be old, and a job that has ended since would count as interrupted until the next one.
   */
  async markAll(): Promise<void> {
    await this.#read();
    const since = performance.now();
    for (const job of this.#open.values()) {
      if (job.run !== 0) job.interrupted ??= { since, beyond: job.progress };
    }
  }

  start(): void {
    this.#watching = this.#watch();
    // `stop` reports the error. Without this line it would end the process as an unhandled rejection.
    this.#watching.catch(() => undefined);
  }

  /** Rejects when a read has failed. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#read();
      await delay(READ_EVERY_MS);
    }
  }

  async #read(): Promise<void> {
    const ids = [...this.#open.keys()].slice(0, MAX_JOBS_PER_READ);
    const read = await this.#options.read(ids);
    ids.forEach((id, at) => {
      this.#update(id, read[at] ?? null);
    });
  }

  #update(id: string, after: JobProgress | null): void {
    const before = this.#open.get(id);
    if (!before || !after) return;
    const now = performance.now();
    let { interrupted, changedAt } = before;
    if (before.run !== 0 && after.run !== before.run && interrupted === null) {
      interrupted = { since: changedAt, beyond: before.progress + this.#options.preamble };
    }
    if (interrupted !== null && after.progress > interrupted.beyond) {
      this.recoveryTimesMs.push(now - interrupted.since);
      interrupted = null;
    }
    if (after.progress !== before.progress) changedAt = now;
    if (after.ended) this.#open.delete(id);
    else this.#open.set(id, { ...after, changedAt, interrupted });
  }
}
