/**
 * Stage 5 of 6, the writing side. Before it: `apps/worker`, which owns one attempt; after it: `flush-clock.ts`, then the log.
 *
 * One AttemptWriter numbers, formats and gathers the events of one attempt. One FlushClock per process sends them: one
 * append at a time per writer; what comes meanwhile waits for the next.
 *
 * An append carries the attempt, its claim's token and the sequence numbers before and after it, so that it is refused from a
 * worker that has been fenced off, and can be sent again after a lost reply without doubling anything. What the journal refuses
 * ends the writer for good: it rejects with JournalRefusal, and `onRefused` tells the worker to stop its provider call.
 *
 * A crash here loses what was not appended: nobody has seen it, and the next attempt begins after what was.
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
  /** Number of the last event in the journal when the attempt was claimed. */
  seq: number;
  onCancelRequested: () => void;
  onRefused: (refusal: JournalRefusal) => void;
}

/** Above this many characters waiting, `waitForDrain` makes the producer wait. */
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

  /** Somebody follows the job live, as far as was known with the last append. */
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

  /** Adds an event. Returns at once. `changes` go with it. Throws the refusal once there was one. */
  write<Type extends EventType>(type: Type, data: EventData<Type>, changes: FieldChanges = {}): void {
    if (this.#refusal) throw this.#refusal;
    this.#add(formatEvent(this.#seq + 1, type, data), changes);
  }

  /** Changes fields together with the next event: they are one write. Returns at once. */
  change(changes: FieldChanges): void {
    Object.assign(this.#changes, changes);
  }

  /**
   * Adds the event that ends the attempt, and perhaps the job: events, state, ledger and permit are one write. Resolves when
   * it is done. @param end `delayMs` and `leavesQueue` are for a job that is put back: `status: 'queued'`
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
   * Completes the job. The answer is stored once: its event has a mark in its place, and readers see it whole.
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
    if (!this.#ended) throw new Error('an attempt that has ended says what became of its job');
    return this.#ended;
  }

  /** Resolves when all that was written is in the journal. Rejects with the refusal. */
  async flushed(): Promise<void> {
    if (this.#refusal) throw this.#refusal;
    if (this.#sent === this.#seq) return;
    const { seq } = this;
    await new Promise<void>((resolve, reject) => {
      this.#waiters.push({ seq, resolve, reject });
      this.hurry();
    });
  }

  /** What was written leaves at once: somebody waits for it, or for the first token of an answer. */
  hurry(): void {
    if (this.#bytes !== '') this.#options.clock.wake(this, true);
  }

  /** Resolves at once, or, when too much is waiting for Redis, when it is all written: back-pressure to the provider. */
  async waitForDrain(): Promise<void> {
    if (this.#bytes.length > MAX_WAITING) await this.flushed();
  }

  /** For the clock: what is to be sent now, or null. It stays under way until `onReply`. */
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

  /** For the clock: the reply to what was taken. */
  onReply(reply: AppendReply): void {
    const append = this.#underWay;
    this.#underWay = null;
    if (!append) return;
    if (reply.kind === 'applied') {
      this.#sent = append.after;
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
    const refusal = new JournalRefusal(reply.kind, `attempt ${append.attempt} may not write any more: ${reply.kind}`);
    this.#refusal = refusal;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(refusal);
    this.#options.onRefused(refusal);
  }
}
