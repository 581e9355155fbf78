/**
 * Watches the event loop of the process from another thread, and speaks for the process while the loop is blocked:
 *
 *   beating ──1 s silent──▶ kept ──2 s──▶ asked ──limit──▶ given up
 *      ▲                     │             │
 *      └───────beat──────────┴─────────────┘ logged and counted where it was asked
 *
 *   kept       locks are renewed and the process stays announced: no other worker takes its jobs over, no call is made twice
 *   asked      which task it is, so that the log and the metrics name it
 *   given up   the other jobs go back into the queue, counting no crash; then the process ends, since only that ends the task.
 *              The lock of the job that blocked expires: it counts a crash. If no task can be named, all locks expire so:
 *              a job that blocks its workers forever must come to its crash limit
 *
 * Silence is measured in this thread's own turns: a process that was stopped as a whole was silent for one turn.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@holdfast/core';
import type { Blocker } from '../tasks/current-job.ts';
import type { LoopState } from './loop-state.ts';

/** When the loop falls silent, locks have 3.75 s left at least: BullMQ renews locks of 5 s every 1.25 s. */
const KEEP_EVERY_MS = 1_000;
const ASK_AFTER_MS = 2_000;
/** How long to wait for the last steps before the process ends, in ms. */
const ASKED_WITHIN_MS = 1_000;
const GIVEN_UP_WITHIN_MS = 5_000;
/** The name that is counted if no task can be named. */
const NO_TASK = '~none';

interface LoopWatcherOptions {
  state: LoopState;
  /** How often `look` is called, in ms. */
  everyMs: number;
  /** The process is given up after so much silence, in ms. */
  limitMs: number;
  logger: Logger;
  /** Asks the main thread what it runs, until the signal fires. */
  ask(giveUp: AbortSignal): Promise<Blocker | null>;
  /** Keeps the jobs and the presence of the process for some seconds more. */
  keep(): Promise<void>;
  /** Hands all jobs back but one; returns how many. */
  handBack(except: string): Promise<number>;
  count(block: { task: string; ms: number }): Promise<void>;
  /** Ends the process at once. */
  end(): void;
}

interface Asked {
  blocker: Promise<Blocker | null>;
  giveUp: AbortController;
}

export class LoopWatcher {
  readonly #options: LoopWatcherOptions;
  #beats = -1;
  #beatAt = performance.now();
  #silentMs = 0;
  #isKeeping = false;
  #asked: Asked | null = null;
  #isGivenUp = false;

  constructor(options: LoopWatcherOptions) {
    this.#options = options;
  }

  /** To be called every `everyMs`. */
  look(): void {
    const { state, everyMs, limitMs } = this.#options;
    if (this.#isGivenUp) return;
    if (state.beats !== this.#beats) {
      this.#beat(state.beats);
      return;
    }
    this.#silentMs += everyMs;
    if (this.#silentMs % KEEP_EVERY_MS === 0) void this.#keep();
    if (this.#silentMs >= ASK_AFTER_MS) this.#asked ??= this.#ask();
    if (this.#silentMs >= limitMs && !state.isDebugged) void this.#giveUp();
  }

  #beat(beats: number): void {
    const blockedMs = this.#sinceBeat();
    if (this.#asked) void this.#report(this.#asked, blockedMs);
    this.#beats = beats;
    this.#beatAt = performance.now();
    this.#silentMs = 0;
    this.#asked = null;
  }

  #sinceBeat(): number {
    return Math.round(performance.now() - this.#beatAt);
  }

  async #keep(): Promise<void> {
    // While Redis is away, one renewal waits; that is enough.
    if (this.#isKeeping) return;
    this.#isKeeping = true;
    const { keep, logger } = this.#options;
    await keep().catch((error: unknown) => logger.warn({ error }, 'locks not renewed'));
    this.#isKeeping = false;
  }

  #ask(): Asked {
    const giveUp = new AbortController();
    return { blocker: this.#options.ask(giveUp.signal), giveUp };
  }

  async #answerOf({ blocker, giveUp }: Asked): Promise<Blocker> {
    const timer = setTimeout(() => giveUp.abort(), ASKED_WITHIN_MS);
    const answer = await blocker;
    clearTimeout(timer);
    return answer ?? { job: null, at: [] };
  }

  async #report(asked: Asked, blockedMs: number): Promise<void> {
    const { job, at } = await this.#answerOf(asked);
    const { logger, count } = this.#options;
    logger.warn({ ...job, blockedMs, at }, job ? 'a task blocked the event loop' : 'the event loop was blocked');
    await count({ task: job?.task ?? NO_TASK, ms: blockedMs }).catch((error: unknown) =>
      logger.warn({ error }, 'block not counted'),
    );
  }

  async #giveUp(): Promise<void> {
    this.#isGivenUp = true;
    const { logger, count, handBack, end } = this.#options;
    this.#asked?.giveUp.abort();
    // Asks once more: the task that was named first may have ended, and another one blocks now.
    const { job, at } = await this.#answerOf(this.#ask());
    const blockedMs = this.#sinceBeat();
    let handedBack = 0;
    const work = Promise.all([
      job && handBack(job.jobId).then((jobs) => (handedBack = jobs)),
      count({ task: job?.task ?? NO_TASK, ms: blockedMs }),
    ]).catch((error: unknown) => logger.warn({ error }, 'jobs not handed back'));
    await Promise.race([work, delay(GIVEN_UP_WITHIN_MS, undefined, { ref: false })]);
    logger.error(
      { ...job, blockedMs, at, handedBack },
      job ? 'a task blocks the event loop: the worker ends' : 'the event loop is blocked: the worker ends',
    );
    end();
  }
}
