/**
 * Stage 5 of 6, the writing side. Before it: `apps/worker`, which owns one attempt; after it: `flush-clock.ts`, then the log.
 *
 * One AttemptWriter numbers, formats and gathers the events of one attempt. One FlushClock per process sends them, with one append
 * at a time per writer; later events wait for the next append.
 *
 * An append has the attempt, the claim's token and the sequence numbers before and after it. So an append of a worker that was
 * fenced off is refused, and an append can be sent again after a lost reply without duplicating events. A refusal ends the writer for
 * good: it rejects with JournalRefusal, and `onRefused` lets the worker stop its provider call.
 *
 * A crash loses what was not appended: no reader has seen it, and the next attempt continues after the last appended event.
 */
import { type EventData, type EventType, formatEvent, type Usage } from '@holdfast/core';
import { OUTPUT_MARK } from '../log-format.ts';
import {
  type Append,
  type AppendReply,
  type AppendSource,
  type AttemptEnd,
  type Ended,
  type FieldChanges,
  JournalRefusal,
} from './append.ts';
import type { FlushClock } from './flush-clock.ts';

interface WriterOptions {
  clock: FlushClock;
  jobId: string;
  attempt: number;
  token: string;
  /** Number of the journal's last event when the attempt was claimed. */
  seq: number;
  onCancelRequested: () => void;
  onRefused: (refusal: JournalRefusal) => void;
  /** The journal has everything up to this event. */
  onStored?: (seq: number) => void;
}

/** With more characters waiting than this, `waitForDrain` makes the producer wait. */
const MAX_WAITING = 1_000_000;

export class AttemptWriter implements AppendSource {
  readonly #options: WriterOptions;
  #seq: number;
  #sent: number;
  #written = 0;
  #isWatched = true;
  #bytes = '';
  #end: AttemptEnd | null = null;
  #changes: FieldChanges = {};
  #underWay: Append | null = null;
  #refusal: JournalRefusal | null = null;
  #ended: Ended | null = null;
  #waiters: { seq: number; resolve: () => void; reject: (error: Error) => void }[] = [];

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#seq = options.seq;
    this.#sent = options.seq;
  }

  /** A reader follows the job live, as far as the last append knows. */
  get isWatched(): boolean {
    return this.#isWatched;
  }

  /** Characters of all events written. */
  get written(): number {
    return this.#written;
  }

  /** Number of the last event written, appended or not. */
  get seq(): number {
    return this.#seq;
  }

  /** Adds an event, and changes in the same write. Returns at once. Throws the refusal, after one. */
  write<Type extends EventType>(type: Type, data: EventData<Type>, changes: FieldChanges = {}): void {
    if (this.#refusal) throw this.#refusal;
    this.#add(formatEvent(this.#seq + 1, type, data), changes);
  }

  /** Changes fields in the same write as the next event. Returns at once. */
  change(changes: FieldChanges): void {
    Object.assign(this.#changes, changes);
  }

  /**
   * Adds the event that ends the attempt, and perhaps the job: events, state, ledger and permit are one write. Resolves when it is
   * written. @param end `delayMs` and `leavesQueue` are for a job that goes back to the queue: `status: 'queued'`
   */
  async end<Type extends EventType>(
    end: Pick<AttemptEnd, 'status'> & Partial<AttemptEnd>,
    type: Type,
    data: EventData<Type>,
    changes: FieldChanges = {},
  ): Promise<Ended> {
    this.write(type, data, changes);
    return this.#conclude({ delayMs: 0, leavesQueue: false, ...end });
  }

  /**
   * Completes the job. The answer is stored once: the event has a mark in its place, and readers get the whole answer.
   * @param output JSON
   */
  async complete(output: string, usage: Usage | null, changes: FieldChanges = {}): Promise<Ended> {
    if (this.#refusal) throw this.#refusal;
    const event = formatEvent(this.#seq + 1, 'job.completed', { output: null, usage });
    const marked = event.replace('"output":null', `"output":${String.fromCharCode(OUTPUT_MARK)}`);
    this.#add(marked, { ...changes, output });
    return this.#conclude({ status: 'completed', delayMs: 0, leavesQueue: false });
  }

  #add(bytes: string, changes: FieldChanges): void {
    this.#seq += 1;
    this.#bytes += bytes;
    this.#written += bytes.length;
    Object.assign(this.#changes, changes);
    this.#options.clock.wake(this);
  }

  async #conclude(end: AttemptEnd): Promise<Ended> {
    this.#end = end;
    await this.flushed();
    if (!this.#ended) throw new Error('the reply to the end of an attempt lacks the state of its job');
    return this.#ended;
  }

  /** Resolves when everything written is in the journal. Rejects with the refusal. */
  async flushed(): Promise<void> {
    if (this.#refusal) throw this.#refusal;
    if (this.#sent === this.#seq) return;
    const { seq } = this;
    await new Promise<void>((resolve, reject) => {
      this.#waiters.push({ seq, resolve, reject });
      this.hurry();
    });
  }

  /** Sends what was written at once: the caller waits for it, or a reader waits for the first token. */
  hurry(): void {
    if (this.#bytes !== '') this.#options.clock.wake(this, true);
  }

  /** Resolves at once; or, with too much waiting for Redis, when all of it is written. It is the back-pressure to the provider. */
  async waitForDrain(): Promise<void> {
    if (this.#bytes.length > MAX_WAITING) await this.flushed();
  }

  take(): Append | null {
    if (this.#underWay || this.#refusal || this.#bytes === '') return null;
    this.#underWay = {
      jobId: this.#options.jobId,
      attempt: this.#options.attempt,
      token: this.#options.token,
      before: this.#sent,
      after: this.#seq,
      bytes: this.#bytes,
      end: this.#end,
      changes: this.#changes,
      awaited: this.#waiters.length > 0,
    };
    this.#bytes = '';
    this.#changes = {};
    return this.#underWay;
  }

  onReply(reply: AppendReply): void {
    const append = this.#underWay;
    this.#underWay = null;
    if (!append) return;
    if (reply.kind === 'applied') {
      this.#sent = append.after;
      this.#options.onStored?.(append.after);
      this.#isWatched = reply.isWatched;
      this.#ended = reply.ended;
      this.#waiters = this.#waiters.filter((waiter) => {
        if (waiter.seq <= this.#sent) waiter.resolve();
        return waiter.seq > this.#sent;
      });
      if (reply.cancelRequested) this.#options.onCancelRequested();
      if (this.#bytes !== '') this.#options.clock.wake(this, this.#waiters.length > 0);
      return;
    }
    const refusal = new JournalRefusal(reply.kind, `attempt ${append.attempt} may no longer write: ${reply.kind}`);
    this.#refusal = refusal;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(refusal);
    this.#options.onRefused(refusal);
  }
}
