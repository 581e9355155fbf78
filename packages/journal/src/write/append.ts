/** An append: what an attempt adds to its job's journal in one write, and what the journal answers. */
import { HoldfastError, type JobStatus } from '@holdfast/core';
import type { CallField, DetailField, RecordField, StepField } from '../record.ts';

/** The journal took no more events of this attempt. */
export class JournalRefusal extends HoldfastError<'fenced' | 'ended' | 'mismatch' | 'missing'> {}

/**
 * What changes beside the log: fields of the record and of what is stored with it; with the end of a job its answer (JSON), and
 * its text, where that is not to be read from the answer. An empty text takes a field away.
 */
export type FieldChanges = Partial<
  Record<RecordField | DetailField | CallField | StepField | 'output' | 'text', string | number>
>;

/** How an attempt ends: what the job becomes, and when and where the next attempt waits, if there is one. */
export interface AttemptEnd {
  status: Exclude<JobStatus, 'running'>;
  /** ms until the next attempt is due. */
  delayMs: number;
  /** The next attempt waits in the lane of the job's model, and follows nobody any more. */
  leavesQueue: boolean;
}

/** An append, exactly as it is sent and, if need be, sent again. */
export interface Append {
  jobId: string;
  attempt: number;
  /** Of the attempt's claim. */
  token: string;
  before: number;
  after: number;
  bytes: string | Buffer;
  changes: FieldChanges;
  /** null: the attempt goes on. */
  end: AttemptEnd | null;
  /** The attempt goes on only once this is stored: a beginning, a response's id, an end. */
  awaited: boolean;
}

/** What became of a job whose attempt has ended. */
export interface Ended {
  /** `cancelled` also where it was to be put back, and a cancel had been asked for. */
  status: JobStatus;
  /** Lanes in which its tenant may run more than before. */
  unblocked: string[];
}

/** What the journal said to an append. */
export type AppendReply =
  | {
      kind: 'applied';
      cancelRequested: boolean;
      /** Somebody listens, as far as is known. */
      isWatched: boolean;
      ended: Ended | null;
    }
  | { kind: 'fenced' | 'ended' | 'mismatch' | 'missing' };

/** What the flush clock sends for: an attempt's writer. */
export interface AppendSource {
  /** Somebody follows the job live, as far as was known with the last append. */
  readonly isWatched: boolean;
  /** What is to be sent now, or null. It stays under way until `onReply`. */
  take(): Append | null;
  /** The reply to what was taken. */
  onReply(reply: AppendReply): void;
}
