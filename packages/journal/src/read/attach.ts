/**
 * Attaching: every reader gets the same events, from any cursor, at any time. The states of one attached reader:
 *
 *   1. subscribe   first, so that no event is lost between log and live; for an ended job, only if it runs again
 *   2. replay      read the log from the cursor to its end, as fast as the reader takes it
 *   3. live        pass on published events, joined by sequence number:
 *                    the next one → as it is; seen before → dropped; overlapping → cut; gap → back to 2
 *   4. end         after the event that ended the job
 *
 * A slow reader falls behind in `live`: its mailbox overflows, and it goes back to `replay`. So unread events stay in the log, and
 * don't fill this process. After a reconnect to Redis it goes back to `replay` as well.
 * All of this is one loop, which runs only while there is something to pass on. A waiting reader is one small object: there may be
 * ten thousand of them.
 */
import { hasEnded } from '@holdfast/core';
import type { JournalCell } from '../journal-cell.ts';
import { OUTPUT_MARK, startOfEvent } from '../log-format.ts';
import { type Listener, type LiveEvents, type LiveFeed, parseLiveEvents } from './live-feed.ts';
import { readLog } from './read-log.ts';

/** Where an attached reader's bytes go. */
export interface EventSink {
  /** Takes bytes of the log, in order; they may end within an event. False: wait for `drained` before the next write. */
  write(bytes: Buffer): boolean;
  /** Resolves when more can be written; rejects when the reader is gone or too slow. */
  drained(): Promise<void>;
}

interface ReaderOptions {
  journal: JournalCell;
  feed: LiveFeed;
  jobId: string;
  /** Number of the last event that the reader has; 0: none. */
  after: number;
  /** The job had ended when it was last read: its log is read first, and it is subscribed to only if it runs again. */
  hasEnded?: boolean;
  sink: EventSink;
}

interface AttachOptions extends ReaderOptions {
  signal: AbortSignal;
}

/** `ended`: the job's last event was sent; `aborted`: the reader was stopped; `gone`: the job was deleted meanwhile. */
type Outcome = 'ended' | 'aborted' | 'gone';

/** Live messages for one reader. Bounded: when it is full, or after a gap, it only knows that the reader is behind. */
class Mailbox {
  static readonly maxMessages = 64;
  #messages: LiveEvents[] = [];
  #behind = false;

  put(message: LiveEvents): void {
    if (this.#behind) return;
    if (this.#messages.length >= Mailbox.maxMessages) this.fallBehind();
    else this.#messages.push(message);
  }

  fallBehind(): void {
    this.#behind = true;
    this.#messages = [];
  }

  /** Empties the mailbox before a replay, which finds everything in the log. */
  reset(): void {
    this.#behind = false;
    this.#messages = [];
  }

  /** The next message; 'behind': messages were dropped; null: no message. */
  take(): LiveEvents | 'behind' | null {
    return this.#behind ? 'behind' : (this.#messages.shift() ?? null);
  }
}

/** How a reader ended. `error`: what the sink's `drained` or the connection threw; the reader may attach again. */
type OnOver = (outcome: Outcome | null, error?: unknown) => void;

/** Writes every event after the cursor to the sink, in order, without gap or duplicate. Call `start`. */
export class AttachedReader implements Listener {
  readonly #options: ReaderOptions;
  readonly #onOver: OnOver;
  readonly #mailbox = new Mailbox();
  #cursor: number;
  #unsubscribe: (() => void) | undefined;
  /** True until it has subscribed, and while the loop runs. */
  #isBusy = true;
  #isStopped = false;
  #isOver = false;

  /** @param onOver is called once */
  constructor(options: ReaderOptions, onOver: OnOver) {
    this.#options = options;
    this.#cursor = options.after;
    this.#onOver = onOver;
    this.#mailbox.fallBehind();
  }

  async start(): Promise<void> {
    const { journal, feed, jobId, hasEnded: isEnded = false } = this.#options;
    if (isEnded) {
      await this.#work();
      if (this.#isOver) return;
      this.#isBusy = true;
      this.#mailbox.fallBehind();
    }
    try {
      this.#unsubscribe = await feed.subscribe(journal.cell.keys.job(jobId).live, this);
    } catch (error) {
      this.#end(null, error);
      return;
    }
    await this.#work();
  }

  /** Stops after the current write. */
  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  onMessage(message: Buffer): void {
    this.#mailbox.put(parseLiveEvents(message));
    this.#wake();
  }

  onGap(): void {
    this.#mailbox.fallBehind();
    this.#wake();
  }

  #wake(): void {
    if (!this.#isBusy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    try {
      while (!this.#isOver) {
        if (this.#isStopped) {
          this.#end('aborted');
          break;
        }
        const taken = this.#mailbox.take();
        if (taken === null) break;
        if (taken === 'behind') await this.#replay();
        else await this.#pass(taken);
      }
    } catch (error) {
      this.#end(null, error);
    }
    // There was no await since the mailbox was empty, so no message can be in it.
    this.#isBusy = false;
  }

  async #replay(): Promise<void> {
    const { journal, jobId, sink } = this.#options;
    this.#mailbox.reset();
    const windows = readLog(journal, jobId, this.#cursor);
    for (;;) {
      const { value, done } = await windows.next();
      if (this.#isStopped) return this.#end('aborted');
      if (done) {
        if (!value) return this.#end('gone');
        this.#cursor = Math.max(this.#cursor, value.seq);
        if (hasEnded(value.status)) this.#end('ended');
        return;
      }
      if (!sink.write(value)) await sink.drained();
    }
  }

  async #pass({ first, last, ended, bytes }: LiveEvents): Promise<void> {
    const { sink } = this.#options;
    const next = this.#cursor + 1;
    if (last < next) return;
    // A gap, or events too large for a message, or without the answer, which is stored separately: the log has them.
    if (first > next || bytes.length === 0 || bytes.includes(OUTPUT_MARK)) return this.#mailbox.fallBehind();
    const takesMore = sink.write(first === next ? bytes : bytes.subarray(startOfEvent(bytes, next)));
    this.#cursor = last;
    // Also after the last event: the sink may not have delivered it yet.
    if (!takesMore) await sink.drained();
    if (ended) this.#end('ended');
  }

  #end(outcome: Outcome | null, error?: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#unsubscribe?.();
    this.#onOver(outcome, error);
  }
}

/**
 * An `AttachedReader` from its beginning to its end.
 * @returns 'aborted' when the signal fired
 * @throws what the sink's `drained` or the connection throws; the reader may attach again from the last event it got
 */
export function attach({ signal, ...options }: AttachOptions): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const stop = () => reader.stop();
    const reader = new AttachedReader(options, (outcome, error) => {
      signal.removeEventListener('abort', stop);
      if (outcome === null) reject(error as Error);
      else resolve(outcome);
    });
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    void reader.start();
  });
}
