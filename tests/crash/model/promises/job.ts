/**
 * The model of one job: its promises as a state machine. It follows what Redis executes, in Redis' order.
 *
 *   absent ──submit──▶ queued ──claim──▶ running ──terminal event──▶ ended ──delete, expiry──▶ absent
 *                        ▲ │cancel, late    │ claim again                │
 *                        │ └───────▶ ended  │                            │
 *                        ├──attempt.failed──┘ (ended, when a cancel was requested)
 *                        └────────────────────── retry ◀─────────────────┘ (not from completed)
 *
 * It doesn't know Redis, the scripts, or how a promise is implemented. A violated promise throws.
 */
import { type EndedStatus, hasEnded, type JobStatus } from '@holdfast/core';

export class BrokenPromise extends Error {}

export function assertPromise(holds: boolean, promise: string): asserts holds {
  if (!holds) throw new BrokenPromise(promise);
}

export const endings: Record<string, EndedStatus> = {
  'job.completed': 'completed',
  'job.failed': 'failed',
  'job.cancelled': 'cancelled',
};

export interface Entry {
  seq: number;
  type: string;
  data: Record<string, unknown>;
}

/** The events of a log. @throws BrokenPromise when its bytes are not whole events */
export function readEntries(log: string): Entry[] {
  const entries = [...log.matchAll(/id: (\d+)\nevent: (.+)\ndata: (.+)\n\n/g)];
  assertPromise(entries.map(([bytes]) => bytes).join('') === log, 'the log holds whole events only');
  return entries.map(([, seq, type, data]) => ({
    seq: Number(seq),
    type: type ?? '',
    data: JSON.parse(data ?? '') as Record<string, unknown>,
  }));
}

/** One job, from its acceptance until it is deleted or expires. A job that is submitted again later gets a new model. */
export class JobModel {
  status: JobStatus = 'queued';
  attempt = 0;
  seq = 1;
  /** A cancel was requested in this run. */
  cancelAsked = false;
  /** The token of the claim that began the newest attempt. */
  #token = '';

  get isOpen(): boolean {
    return !hasEnded(this.status);
  }

  claimed(attempt: number, token: string): void {
    assertPromise(!hasEnded(this.status), `no attempt begins for a job that is ${this.status}`);
    if (this.status === 'running' && token === this.#token) {
      assertPromise(
        attempt === this.attempt,
        `a claim that is sent again gets its attempt ${this.attempt}, not ${attempt}`,
      );
      return;
    }
    this.#token = token;
    assertPromise(attempt > this.attempt, `the attempt number rises: ${attempt} after ${this.attempt}`);
    this.attempt = attempt;
    this.status = 'running';
  }

  appended(attempt: number, bytes: string): void {
    assertPromise(attempt === this.attempt, `attempt ${attempt} writes nothing once ${this.attempt} has begun`);
    // The answer is stored apart from the log, which has a mark in its place.
    for (const { seq, type, data } of readEntries(bytes.replace('\0', 'null'))) {
      assertPromise(this.status === 'running', `${type} is written while the job runs, not when it is ${this.status}`);
      assertPromise(seq === this.seq + 1, `event ${this.seq + 1} comes after ${this.seq}, not ${seq}`);
      if (type === 'attempt.started') assertPromise(data.attempt === attempt, `attempt ${attempt} begins as itself`);
      this.seq = seq;
      this.status = endings[type] ?? (type === 'attempt.failed' ? 'queued' : 'running');
    }
  }

  /** The attempt's last append: it ends the attempt, and perhaps the job. @param status as the script returns it */
  finished(attempt: number, bytes: string, status: string): void {
    this.appended(attempt, bytes);
    if (this.status === 'queued' && this.cancelAsked) {
      this.seq += 1;
      this.status = 'cancelled';
    }
    assertPromise(status === this.status, `an attempt that ends leaves the job ${this.status}, not ${status}`);
    assertPromise(this.status !== 'running', 'a job whose attempt has ended is not running');
  }

  /** Its deadline has passed while it waited. */
  missedDeadline(): void {
    assertPromise(this.status === 'queued', `only a queued job can miss its deadline, not one that is ${this.status}`);
    this.seq += 1;
    this.status = 'failed';
  }

  cancelled(kind: string): void {
    const expected = { queued: 'cancelled', running: 'requested' }[this.status as string] ?? 'ended';
    assertPromise(kind === expected, `a cancel of a job that is ${this.status} is ${expected}, not ${kind}`);
    if (kind === 'ended') return;
    this.cancelAsked = true;
    if (kind !== 'cancelled') return;
    this.seq += 1;
    this.status = 'cancelled';
  }

  retried(): void {
    assertPromise(
      this.status === 'failed' || this.status === 'cancelled',
      `a job that is ${this.status} is not retried`,
    );
    this.seq += 1;
    this.status = 'queued';
    this.cancelAsked = false;
  }

  deleted(): void {
    assertPromise(hasEnded(this.status), `a job that is ${this.status} is not deleted`);
  }

  /** Checks that the record agrees with the journal's events. */
  check(status: string | null, seq: string | null): void {
    assertPromise(status === this.status, `the record says ${status}, the journal ${this.status}`);
    assertPromise(Number(seq) === this.seq, `the record says event ${seq}, the journal ${this.seq}`);
  }
}
