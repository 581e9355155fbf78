/**
 * What is stored of a job's provider calls and of a task's steps, one field each:
 *
 *   call:<id>     a call that was begun and isn't over: it can be taken up, repeated, or is counted as ambiguous
 *   failed:<id>   calls that have failed for an answer that is still to come: how many were paid, perhaps, and the last error
 *   answer:<id>   what a completed call said; a task that runs again is given it, and pays nothing
 *   step:<path>   what a completed step returned
 *
 * The one call of a pass-through task has the id ''. Fields are written by the append that brings their events, so that the
 * journal and what is stored never disagree. An empty value takes a field away.
 */
import type { JobError, JsonValue } from '@holdfast/core';
import type { Values } from '../record.ts';
import type { FieldChanges } from './append.ts';

/** A call that was begun and isn't over. */
export interface OpenCall {
  /** Name of the provider that it was made to. */
  provider: string;
  /** Of its idempotency key. */
  keyVersion: number;
  /** Its text is shown to readers. */
  visible: boolean;
  /** So many characters of it are in the journal. */
  emitted: number;
  /** A response that can be taken up after its event `cursor` (-1: from the first). */
  response: { id: string; cursor: number } | null;
  /** What it may cost, in US dollars; null: no price is known. */
  cost: number | null;
}

/** Calls that have failed for one answer, over all attempts of a run. */
export interface FailedCalls {
  /** Those that may have been paid. */
  charged: number;
  /** What the last one said; null: nobody has heard. */
  error: JobError | null;
}

/** What is stored of a completed call or step. */
export interface Stored {
  value: JsonValue;
  /** What it has shown readers. */
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

/** The fields of one kind, by what follows the kind in their names. */
export function readKind<Shape>(values: Values, kind: 'call' | 'failed' | 'answer' | 'step') {
  const found = Object.entries(values).filter(([field, value]) => field.startsWith(`${kind}:`) && value !== '');
  return new Map(found.map(([field, value]) => [field.slice(kind.length + 1), JSON.parse(value) as Shape]));
}
