/**
 * Stage 5 of 6, the writing side. Before it: `apps/worker`, which owns one attempt; after it: the log.
 *
 * One AttemptWriter numbers, formats and gathers the events of one attempt. One FlushClock per process sends them:
 *
 *   1. the first event after a silence leaves at once
 *   2. the others wait for the clock (a few ms), which sends every waiting writer's events in one pipelined write
 *   3. one append at a time per writer; what comes meanwhile waits for the next
 *
 * An append carries the attempt and the sequence numbers before and after it, so that it is refused from a worker that
 * has been overtaken, and can be sent again after a lost reply without doubling anything. What the journal refuses ends
 * the writer for good: it rejects with JournalRefusal, and `onRefused` tells the worker to stop its provider call.
 *
 * A crash here loses what was not appended: nobody has seen it, and the next attempt begins after what was.
 */
import { type EventData, type EventType, formatEvent, HoldfastError, type JobStatus } from '@holdfast/core';
import type { FlushClock } from './flush-clock.ts';
import type { KeptField, RecordField } from './record.ts';

/** The journal took no more events of this attempt. */
export class JournalRefusal extends HoldfastError<'fenced' | 'ended' | 'mismatch' | 'missing'> {}

/** Fields of the record, and what they become. An empty text stands for none. */
export type FieldChanges = Partial<Record<RecordField, string | number>> & { [field: KeptField]: string | number };

/** An append, exactly as it is sent and, if need be, sent again. */
export interface Append {
  jobId: string;
  attempt: number;
  /** Of the attempt's claim. */
  ticket: string;
  before: number;
  after: number;
  bytes: string;
  status: JobStatus | '';
  fields: FieldChanges;
  /** The attempt goes on only once this is stored: a beginning, a response's id, an end. */
  awaited: boolean;
}

/** What the journal said to an append. */
export type AppendReply =
  | { kind: 'applied'; cancelRequested: boolean }
  | { kind: 'fenced' | 'ended' | 'mismatch' | 'missing' };

interface WriterOptions {
  clock: FlushClock;
  jobId: string;
  attempt: number;
  ticket: string;
  /** Number of the last event in the journal when the attempt was claimed. */
  seq: number;
  onCancelRequested: () => void;
  onRefused: (refusal: JournalRefusal) => void;
}

/** Above this many characters waiting, `room` makes the producer wait. */
const MOST_WAITING = 1_000_000;

export class AttemptWriter {
  readonly #options: WriterOptions;
  #seq: number;
  #sent: number;
  #bytes = '';
  #status: JobStatus | '' = '';
  #fields: FieldChanges = {};
  #underWay: Append | null = null;
  #refusal: JournalRefusal | null = null;
  #waiters: { seq: number; resolve: () => void; reject: (error: Error) => void }[] = [];

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#seq = options.seq;
    this.#sent = options.seq;
  }

  /** Number of the last event written, appended or not. */
  get seq(): number {
    return this.#seq;
  }

  /** Adds an event. Returns at once. `fields` of the record change with it. Throws the refusal once there was one. */
  write<Type extends EventType>(type: Type, data: EventData<Type>, fields: FieldChanges = {}): void {
    if (this.#refusal) throw this.#refusal;
    this.#seq += 1;
    this.#bytes += formatEvent(this.#seq, type, data);
    Object.assign(this.#fields, fields);
    this.#options.clock.wake(this);
  }

  /** Changes fields of the record together with the next event: they are one write. Returns at once. */
  change(fields: FieldChanges): void {
    Object.assign(this.#fields, fields);
  }

  /** Adds the event that ends the attempt, and perhaps the job: event and new status are one write. Resolves when done. */
  async end<Type extends EventType>(
    status: Exclude<JobStatus, 'running'>,
    type: Type,
    data: EventData<Type>,
    fields: FieldChanges = {},
  ): Promise<void> {
    this.write(type, data, fields);
    this.#status = status;
    await this.flushed();
  }

  /** Resolves when all that was written is in the journal. Rejects with the refusal. */
  async flushed(): Promise<void> {
    if (this.#refusal) throw this.#refusal;
    if (this.#sent === this.#seq) return;
    const { seq } = this;
    await new Promise<void>((resolve, reject) => {
      this.#waiters.push({ seq, resolve, reject });
    });
  }

  /** Resolves at once, or, when too much is waiting for Redis, when it is all written: back-pressure to the provider. */
  async room(): Promise<void> {
    if (this.#bytes.length > MOST_WAITING) await this.flushed();
  }

  /** For the clock: what is to be sent now, or null. It stays under way until `settle`. */
  take(): Append | null {
    if (this.#underWay || this.#refusal || this.#bytes === '') return null;
    this.#underWay = {
      jobId: this.#options.jobId,
      attempt: this.#options.attempt,
      ticket: this.#options.ticket,
      before: this.#sent,
      after: this.#seq,
      bytes: this.#bytes,
      status: this.#status,
      fields: this.#fields,
      awaited: this.#waiters.length > 0,
    };
    this.#bytes = '';
    this.#fields = {};
    return this.#underWay;
  }

  /** For the clock: the reply to what was taken. */
  settle(reply: AppendReply): void {
    const append = this.#underWay;
    this.#underWay = null;
    if (!append) return;
    if (reply.kind === 'applied') {
      this.#sent = append.after;
      this.#waiters = this.#waiters.filter((waiter) => {
        if (waiter.seq <= this.#sent) waiter.resolve();
        return waiter.seq > this.#sent;
      });
      if (reply.cancelRequested) this.#options.onCancelRequested();
      if (this.#bytes !== '') this.#options.clock.wake(this);
      return;
    }
    const refusal = new JournalRefusal(reply.kind, `attempt ${append.attempt} may not write any more: ${reply.kind}`);
    this.#refusal = refusal;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(refusal);
    this.#options.onRefused(refusal);
  }
}
