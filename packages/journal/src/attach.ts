/**
 * Attaching: the same events for everyone, from any cursor, whenever. The state of one attached reader:
 *
 *   1. subscribe   first of all, so that nothing falls between log and live
 *   2. replay      read the log from the cursor to where it ends, as fast as the reader takes it
 *   3. live        pass on what is published, joined by sequence number:
 *                    next in line → as it is; seen before → dropped; overlapping → cut; gap → back to 2
 *   4. end         after the event that ended the job
 *
 * A slow reader falls behind in `live`, its mailbox overflows, and it goes back to `replay`: what it hasn't read yet is
 * kept in the log, not in this process. After a reconnect to Redis it goes back to `replay` as well.
 * One replay at a time: all of this is one loop.
 */
import { hasEnded } from '@holdfast/core';
import type { Journal } from './journal.ts';
import { type LiveEvents, type LiveFeed, parseLiveEvents } from './live-feed.ts';
import { OUTPUT_MARK, readLog, type Standing, startOfEvent } from './read-log.ts';

/** Where an attached reader's bytes go. */
export interface EventSink {
  /** Takes bytes of the log, in order; they need not end where an event does. False: enough for now, wait for `drained`. */
  write(bytes: Buffer): boolean;
  /** Resolves when more can be written; rejects when the reader is gone or too slow. */
  drained(): Promise<void>;
}

interface AttachOptions {
  journal: Journal;
  feed: LiveFeed;
  jobId: string;
  /** Number of the last event that the reader has; 0: none. */
  after: number;
  sink: EventSink;
  signal: AbortSignal;
}

/** Live messages on their way to one reader. Bounded: beyond it, or after a gap, it only knows that it is behind. */
export class Mailbox {
  static readonly maxMessages = 64;
  #messages: LiveEvents[] = [];
  #behind = false;
  #wake: () => void = () => undefined;
  readonly #signal: AbortSignal;

  /** @param signal ends the waiting */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
    // Once: a listener for each message would be thousands on one stream.
    signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  put(message: LiveEvents): void {
    if (this.#behind) return;
    if (this.#messages.length >= Mailbox.maxMessages) this.fallBehind();
    else this.#messages.push(message);
    this.#wake();
  }

  fallBehind(): void {
    this.#behind = true;
    this.#messages = [];
    this.#wake();
  }

  /** Empties the box and forgets that it was behind: before a replay, which will find all of it in the log. */
  reset(): void {
    this.#behind = false;
    this.#messages = [];
  }

  /** The next message; 'behind' when some were dropped; 'aborted' when the signal fired. */
  async next(): Promise<LiveEvents | 'behind' | 'aborted'> {
    for (;;) {
      if (this.#signal.aborted) return 'aborted';
      if (this.#behind) return 'behind';
      const message = this.#messages.shift();
      if (message) return message;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/**
 * Writes every event after the cursor to the sink, in order, without gap or duplicate.
 * @returns 'ended' after the job's last event; 'aborted' when the signal fired; 'gone' when the job was deleted meanwhile
 * @throws what the sink's `drained` or the connection throws; the reader may attach again from the last event it got
 */
export async function attach(options: AttachOptions): Promise<'ended' | 'aborted' | 'gone'> {
  const { journal, feed, jobId, signal } = options;
  const mailbox = new Mailbox(signal);
  const unsubscribe = await feed.subscribe(journal.keysOf(jobId).live, {
    onMessage: (message) => mailbox.put(parseLiveEvents(message)),
    onGap: () => mailbox.fallBehind(),
  });
  try {
    let cursor = options.after;
    for (;;) {
      mailbox.reset();
      const replayed = await replay(options, cursor);
      if (signal.aborted) return 'aborted';
      if (!replayed.standing) return 'gone';
      cursor = replayed.cursor;
      if (hasEnded(replayed.standing.status)) return 'ended';
      const lived = await live(options, mailbox, cursor);
      if (lived.end) return lived.end;
      cursor = lived.cursor;
    }
  } finally {
    unsubscribe();
  }
}

async function replay(
  { journal, jobId, sink, signal }: AttachOptions,
  from: number,
): Promise<{ cursor: number; standing: Standing | null }> {
  const windows = readLog(journal, jobId, from);
  for (;;) {
    const { value, done } = await windows.next();
    if (done) return { cursor: Math.max(from, value?.seq ?? 0), standing: value };
    if (signal.aborted) return { cursor: from, standing: null };
    if (!sink.write(value)) await sink.drained();
  }
}

async function live(
  { sink }: AttachOptions,
  mailbox: Mailbox,
  from: number,
): Promise<{ cursor: number; end?: 'ended' | 'aborted' }> {
  for (let cursor = from; ; ) {
    const message = await mailbox.next();
    if (message === 'aborted') return { cursor, end: message };
    if (message === 'behind' || message.first > cursor + 1) return { cursor };
    if (message.last <= cursor) continue;
    const { bytes } = message;
    // Too large for a message, or not whole without an answer that is stored apart: the log has it.
    if (bytes.length === 0 || bytes.includes(OUTPUT_MARK)) return { cursor };
    const unseen = message.first === cursor + 1 ? bytes : bytes.subarray(startOfEvent(bytes, cursor + 1));
    const takesMore = sink.write(unseen);
    cursor = message.last;
    // Also after the last event: what the sink still holds of it is not delivered yet.
    if (!takesMore) await sink.drained();
    if (message.ended) return { cursor, end: 'ended' };
  }
}
