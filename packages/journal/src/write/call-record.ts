/**
 * The stored state of a job's provider calls and of a task's steps, one field each:
 *
 *   call:<id>     a call that has begun and is not over: it is resumed or repeated, or counts as ambiguous
 *   failed:<id>   failed calls for an answer that is still missing: how many may have been charged, and the last error
 *   answer:<id>   the answer of a completed call; a task that runs again gets it, and pays nothing
 *   step:<path>   the result of a completed step
 *
 * The only call of a pass-through task has the id ''. A field is written by the append that has its events, so that the journal and
 * the stored state never disagree. An empty value deletes a field.
 */
import type { JobError, JsonValue } from '@holdfast/core';
import type { Values } from '../record.ts';
import type { FieldChanges } from './append.ts';

/** A call that has begun and is not over. */
export interface OpenCall {
  /** Name of its provider. */
  provider: string;
  /** The version of its idempotency key. */
  keyVersion: number;
  /** Readers see its text. */
  visible: boolean;
  /** How many characters of its text are in the journal. */
  emitted: number;
  /** A response that can be resumed after its event `cursor` (-1: from the first event). */
  response: { id: string; cursor: number } | null;
  /** What the call may cost, in US dollars; null: no price is known. */
  cost: number | null;
  /** Id of its span, in the job's trace; absent where its worker exports no traces. */
  span?: string | undefined;
}

/** Failed calls for one answer, over all attempts of a run. */
export interface FailedCalls {
  /** How many may have been charged. */
  charged: number;
  /** The last error; null: unknown. */
  error: JobError | null;
}

/** The stored result of a completed call or step. */
export interface Stored {
  value: JsonValue;
  /** The text that readers have seen of it. */
  text: string;
}

export const callField = (id: string, call: OpenCall | null): FieldChanges => ({
  [`call:${id}`]: call ? JSON.stringify(call) : '',
});

export const failedField = (id: string, failed: FailedCalls | null): FieldChanges => ({
  [`failed:${id}`]: failed ? JSON.stringify(failed) : '',
});

export const answerField = (id: string, stored: Stored | null): FieldChanges => ({
  [`answer:${id}`]: stored ? JSON.stringify(stored) : '',
});

export const stepField = (path: string, stored: Stored): FieldChanges => ({ [`step:${path}`]: JSON.stringify(stored) });

/** The fields of one kind, by their names without the kind. */
export function readKind<Shape>(values: Values, kind: 'call' | 'failed' | 'answer' | 'step') {
  const found = Object.entries(values).filter(([field, value]) => field.startsWith(`${kind}:`) && value !== '');
  return new Map(found.map(([field, value]) => [field.slice(kind.length + 1), JSON.parse(value) as Shape]));
}
