/**
 * The model: what DESIGN promises of one job, as a machine that is told what Redis was seen to do, in Redis' own order.
 *
 *   absent ──submit──▶ queued ──claim──▶ running ──terminal event──▶ ended ──delete, expiry──▶ absent
 *                        ▲ │cancel, late    │ claim again                │
 *                        │ └───────▶ ended  │                            │
 *                        ├──attempt.failed──┘ (ended, where a cancel was asked for)
 *                        └────────────────────── retry ◀─────────────────┘ (not from completed)
 *
 * It knows nothing of Redis, of scripts, or of how a promise is kept. A broken promise throws.
 */
import { type EndedStatus, hasEnded, type JobStatus } from '@holdfast/core';

export class BrokenPromise extends Error {}

export function promise(kept: boolean, what: string): asserts kept {
  if (!kept) throw new BrokenPromise(what);
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

/** The entries of a log. @throws BrokenPromise where its bytes are not whole events */
export function readEntries(log: string): Entry[] {
  const entries = [...log.matchAll(/id: (\d+)\nevent: (.+)\ndata: (.+)\n\n/g)];
  promise(entries.map(([bytes]) => bytes).join('') === log, 'the log holds whole events only');
  return entries.map(([, seq, type, data]) => ({
    seq: Number(seq),
    type: type ?? '',
    data: JSON.parse(data ?? '') as Record<string, unknown>,
  }));
}

/** One life of a job, from its acceptance until it is deleted or expires. */
export class JobModel {
  status: JobStatus = 'queued';
  attempt = 0;
  seq = 1;
  /** A cancel has been asked for in this run. */
  cancelAsked = false;
  /** Of the claim that began the newest attempt. */
  #token = '';

  get isOpen(): boolean {
    return !hasEnded(this.status);
  }

  claimed(attempt: number, token: string): void {
    promise(!hasEnded(this.status), `no attempt is begun at a job that is ${this.status}`);
    if (this.status === 'running' && token === this.#token) {
      promise(attempt === this.attempt, `a claim that is sent again gets its attempt ${this.attempt}, not ${attempt}`);
      return;
    }
    this.#token = token;
    promise(attempt > this.attempt, `attempts rise: ${attempt} after ${this.attempt}`);
    this.attempt = attempt;
    this.status = 'running';
  }

  appended(attempt: number, bytes: string): void {
    promise(attempt === this.attempt, `attempt ${attempt} writes nothing once ${this.attempt} has begun`);
    // The answer stands beside the log, which has a mark in its place.
    for (const { seq, type, data } of readEntries(bytes.replace('\0', 'null'))) {
      promise(this.status === 'running', `${type} is written while the job runs, not when it is ${this.status}`);
      promise(seq === this.seq + 1, `event ${this.seq + 1} comes after ${this.seq}, not ${seq}`);
      if (type === 'attempt.started') promise(data.attempt === attempt, `attempt ${attempt} begins as itself`);
      this.seq = seq;
      this.status = endings[type] ?? (type === 'attempt.failed' ? 'queued' : 'running');
    }
  }

  /** Its last append: the attempt ends, and perhaps the job. `status`: what it is now, as the script says. */
  finished(attempt: number, bytes: string, status: string): void {
    this.appended(attempt, bytes);
    if (this.status === 'queued' && this.cancelAsked) {
      this.seq += 1;
      this.status = 'cancelled';
    }
    promise(status === this.status, `an attempt that ends leaves the job ${this.status}, not ${status}`);
    promise(this.status !== 'running', 'an attempt that has ended runs no more');
  }

  /** Its deadline has passed while it waited. */
  late(): void {
    promise(this.status === 'queued', `a job that is ${this.status} is not late`);
    this.seq += 1;
    this.status = 'failed';
  }

  cancelled(kind: string): void {
    const expected = { queued: 'cancelled', running: 'requested' }[this.status as string] ?? 'ended';
    promise(kind === expected, `a cancel of a job that is ${this.status} is ${expected}, not ${kind}`);
    if (kind === 'ended') return;
    this.cancelAsked = true;
    if (kind !== 'cancelled') return;
    this.seq += 1;
    this.status = 'cancelled';
  }

  ranAgain(): void {
    promise(this.status === 'failed' || this.status === 'cancelled', `a job that is ${this.status} doesn't run again`);
    this.seq += 1;
    this.status = 'queued';
    this.cancelAsked = false;
  }

  deleted(): void {
    promise(hasEnded(this.status), `a job that is ${this.status} is not deleted`);
  }

  /** The record must never say anything but what the journal's events say. */
  stands(status: string | null, seq: string | null): void {
    promise(status === this.status, `the record says ${status}, the journal ${this.status}`);
    promise(Number(seq) === this.seq, `the record says event ${seq}, the journal ${this.seq}`);
  }
}
