/** An append: what an attempt adds to its job's journal in one write, and what the journal answers. */
import { CodedError, type JobStatus } from '@holdfast/core';
import type { CallField, DetailField, RecordField, StepField, TimelineField } from '../record.ts';

/** The journal refuses further events of this attempt. */
export class JournalRefusal extends CodedError<'fenced' | 'ended' | 'mismatch' | 'missing'> {}

/**
 * The changes besides the log: fields of the record and of the other hashes; with the end of a job its answer (JSON), and its text,
 * unless that is part of the answer. An empty text deletes a field.
 */
export type FieldChanges = Partial<
  Record<RecordField | DetailField | CallField | StepField | TimelineField | 'output' | 'text', string | number>
>;

/** How an attempt ends: the job's new status, and when and where the next attempt waits, if there is one. */
export interface AttemptEnd {
  status: Exclude<JobStatus, 'running'>;
  /** ms until the next attempt is due. */
  delayMs: number;
  /** The next attempt waits in the lane of the job's model, and no longer as a follower. */
  leavesQueue: boolean;
}

/** An append, exactly as it is sent, and as it is sent again after a lost reply. */
export interface Append {
  jobId: string;
  attempt: number;
  /** The token of the attempt's claim. */
  token: string;
  before: number;
  after: number;
  bytes: string | Buffer;
  changes: FieldChanges;
  /** null: the attempt goes on. */
  end: AttemptEnd | null;
  /** The attempt waits until this is stored: the begin of a call, a response's id, an end. */
  awaited: boolean;
}

/** The state of a job after the end of its attempt. */
export interface Ended {
  /** `cancelled` also for a job that should go back to the queue, but whose cancel was requested. */
  status: JobStatus;
  /** Lanes in which its tenant may run more jobs than before. */
  unblocked: string[];
}

/** The journal's reply to an append. */
export type AppendReply =
  | {
      kind: 'applied';
      cancelRequested: boolean;
      /** A reader listens, as far as is known. */
      isWatched: boolean;
      ended: Ended | null;
    }
  | { kind: 'fenced' | 'ended' | 'mismatch' | 'missing' };

/** Where the flush clock gets appends from: the writer of an attempt. */
export interface AppendSource {
  /** A reader follows the job live, as far as the last append knows. */
  readonly isWatched: boolean;
  /** The append to send now, or null. It is under way until `onReply`. */
  take(): Append | null;
  /** The reply to the append that was taken. */
  onReply(reply: AppendReply): void;
}
