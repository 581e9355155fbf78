/**
 * Sends the events of all attempts of this process. See `attempt-writer.ts`.
 *
 *   1. after a silence of the whole process, an event is sent at once. So are events that somebody waits for: the begin of a call, a
 *      response's id, an end, a call's first token
 *   2. other events wait a few ms for the clock, which sends the events of all writers in one script
 *   3. events without a live reader wait fifty times as long, a quarter of a second. A reader who attaches meanwhile reads the log,
 *      and counts as live from the next append on
 *   4. an attempt's last append is a separate script, `finish`
 *
 * The clock runs only while events wait. It belongs to the process, not to a writer: with 20 streams of 50 tokens a second that halves
 * the cost per event on both sides, and adds half of its interval to the median delay. With many streams its turns are longer.
 */
import { scripts } from '@holdfast/cell';
import type { Logger } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import type { JournalCell } from '../journal-cell.ts';
import type { Append, AppendReply, AppendSource } from './append.ts';
import { appendArguments, appendReplyOf } from './append-arguments.ts';
import { sendAppend } from './send-append.ts';
import { MAX_ARGUMENT_BYTES } from './staged-value.ts';

interface FlushClockOptions {
  /** On a connection with the role `worker`, which waits while Redis is away. */
  journal: JournalCell;
  logger: Logger;
  /**
   * Runs a write, and resolves once it is as durable as the mode demands; rejects when that isn't known. Only for appends that
   * somebody waits for; text needn't be durable. Default: Redis' own reply is enough.
   */
  durably?: ((write: (redis: Redis) => Promise<unknown>) => Promise<unknown>) | undefined;
  intervalMs?: number;
  /** Pause before an append that failed is sent again. */
  retryMs?: number;
}

interface Sent {
  writer: AppendSource;
  append: Append;
}

/** How many times longer events without a live reader wait. */
const UNWATCHED_FACTOR = 50;
/** How many ms each stream in a turn adds to the next interval, and the maximum. */
const PER_STREAM_MS = 0.1;
const MAX_INTERVAL_MS = 20;
/** Characters of all journals in one script. */
const MAX_BATCH = MAX_ARGUMENT_BYTES / 3;
const MAX_RETRY_MS = 2_000;

export class FlushClock {
  readonly #journal: JournalCell;
  readonly #logger: Logger;
  readonly #durably: FlushClockOptions['durably'];
  readonly #intervalMs: number;
  readonly #retryMs: number;
  #waiting = new Set<AppendSource>();
  #lastFlush = Number.NEGATIVE_INFINITY;
  /** Time from the last turn to the next. */
  #turnMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #flushesSoon = false;
  /** Writers without a live reader. */
  #unwatched = new Set<AppendSource>();
  #slowTimer: NodeJS.Timeout | null = null;

  constructor({ journal, logger, durably, intervalMs = 5, retryMs = 200 }: FlushClockOptions) {
    this.#journal = journal;
    this.#logger = logger;
    this.#durably = durably;
    this.#intervalMs = intervalMs;
    this.#retryMs = retryMs;
  }

  /** A writer has something to send. @param atOnce the caller, or a reader, waits for it */
  wake(writer: AppendSource, atOnce = false): void {
    if (!atOnce && !writer.isWatched) {
      this.#unwatched.add(writer);
      this.#slowTimer ??= setTimeout(() => this.#flushUnwatched(), this.#intervalMs * UNWATCHED_FACTOR);
      return;
    }
    this.#waiting.add(writer);
    if (this.#flushesSoon) return;
    const waitMs = atOnce ? 0 : this.#lastFlush + this.#turnMs - performance.now();
    if (waitMs <= 0) {
      this.#flushesSoon = true;
      // At the end of this turn of the event loop, so that everything that attempts write in it is sent together.
      setImmediate(() => this.#flush());
    } else {
      this.#timer ??= setTimeout(() => this.#flush(), waitMs);
    }
  }

  #flushUnwatched(): void {
    this.#slowTimer = null;
    for (const writer of this.#unwatched) this.#waiting.add(writer);
    this.#unwatched.clear();
    this.#flush();
  }

  #flush(): void {
    this.#flushesSoon = false;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#lastFlush = performance.now();
    const writers = [...this.#waiting];
    this.#waiting.clear();
    this.#turnMs = Math.max(this.#intervalMs, Math.min(MAX_INTERVAL_MS, writers.length * PER_STREAM_MS));
    let batch: Sent[] = [];
    let size = 0;
    for (const writer of writers) {
      const append = writer.take();
      if (!append) continue;
      if (append.end || append.bytes.length > MAX_BATCH || (this.#durably && append.awaited)) {
        void this.#sendAlone({ writer, append }, 0);
        continue;
      }
      if (size > 0 && size + append.bytes.length > MAX_BATCH) {
        void this.#sendBatch(batch);
        batch = [];
        size = 0;
      }
      batch.push({ writer, append });
      size += append.bytes.length;
    }
    if (batch.length > 0) void this.#sendBatch(batch);
  }

  async #sendBatch(batch: readonly Sent[]): Promise<void> {
    const args = batch.flatMap(({ append }) => appendArguments(append));
    try {
      const replies = (await scripts.append.run(this.#journal.cell, args)) as unknown[];
      for (const [at, { writer }] of batch.entries()) writer.onReply(appendReplyOf(replies[at]));
    } catch (error) {
      this.#logger.warn({ jobId: batch[0]?.append.jobId, appends: batch.length, error }, 'append failed; retrying');
      // One by one: a problem of one journal must not delay the others.
      for (const sent of batch) void this.#sendAlone(sent, this.#retryMs);
    }
  }

  /** Sends one append until there is a reply. It is the same append every time, so it can't be applied twice. */
  async #sendAlone({ writer, append }: Sent, waitMs: number): Promise<void> {
    const { cell } = this.#journal;
    const write = (redis: Redis) => sendAppend(cell.over(redis), append);
    for (let wait = waitMs; ; wait = Math.min(Math.max(wait * 2, this.#retryMs), MAX_RETRY_MS)) {
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      try {
        const reply = await (append.awaited && this.#durably ? this.#durably(write) : write(cell.redis));
        writer.onReply(reply as AppendReply);
        return;
      } catch (error) {
        if (wait <= this.#retryMs) this.#logger.warn({ jobId: append.jobId, error }, 'append failed; retrying');
      }
    }
  }
}
