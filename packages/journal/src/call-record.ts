/**
 * What the record keeps of a job's provider calls and of a task's steps, one field each:
 *
 *   call:<id>     a call that was begun and isn't over: it can be taken up, repeated, or is counted as ambiguous
 *   answer:<id>   what a completed call said; a task that runs again is given it, and pays nothing
 *   step:<path>   what a completed step returned
 *
 * The one call of a pass-through task has the id ''. An empty field stands for none. Fields are written by the append
 * that tells of them, so that journal and record never disagree.
 */
import type { JsonValue } from '@holdfast/core';
import type { FieldChanges } from './attempt-writer.ts';

/** A call that was begun and isn't over. */
export interface OpenCall {
  /** Name of the provider that it was made to. */
  provider: string;
  /** Number of its idempotency key's group. */
  group: number;
  /** Its text is told to readers. */
  visible: boolean;
  /** So many characters of it are in the journal. */
  told: number;
  /** A response that can be taken up after its event `cursor` (-1: from the first). */
  response: { id: string; cursor: number } | null;
  /** What it may cost, in US dollars; null: no price is known. */
  cost: number | null;
}

/** What is kept of a completed call or step. */
export interface Kept {
  value: JsonValue;
  /** What it has told readers. */
  text: string;
}

export const callField = (id: string, call: OpenCall | null): FieldChanges => ({
  [`call:${id}`]: call ? JSON.stringify(call) : '',
});

export const answerField = (id: string, kept: Kept | null): FieldChanges => ({
  [`answer:${id}`]: kept ? JSON.stringify(kept) : '',
});

export const stepField = (path: string, kept: Kept): FieldChanges => ({ [`step:${path}`]: JSON.stringify(kept) });

/** The fields of one kind in a record, by what follows the kind in their names. */
export function readKind<Shape>(record: Readonly<Record<string, string>>, kind: 'call' | 'answer' | 'step') {
  const found = Object.entries(record).filter(([field, value]) => field.startsWith(`${kind}:`) && value !== '');
  return new Map(found.map(([field, value]) => [field.slice(kind.length + 1), JSON.parse(value) as Shape]));
}
