/** The arguments of the scripts `append` and `finish`, and their replies. */
import type { JobStatus } from '@holdfast/core';
import type { ScriptArgument } from '@holdfast/redis';
import type { Append, AppendReply, AttemptEnd, FieldChanges } from './append.ts';
import { timelinePart } from './timeline-fields.ts';

/** The hashes that changes belong to, in the order of the scripts. */
const parts = ['record', 'details', 'calls', 'steps'] as const;

function partOf(field: string, value: string | number | undefined): (typeof parts)[number] {
  const timeline = timelinePart(field, value);
  if (timeline) return timeline;
  if (field === 'error' || field === 'metadata') return 'details';
  if (field === 'tried' || /^(call|failed|answer):/.test(field)) return 'calls';
  return field.startsWith('step:') ? 'steps' : 'record';
}

/** For each hash the number of values, then fields and values. */
function changeArguments(changes: FieldChanges): ScriptArgument[] {
  const byPart = { record: [], details: [], calls: [], steps: [] } as Record<(typeof parts)[number], ScriptArgument[]>;
  for (const [field, value] of Object.entries(changes)) byPart[partOf(field, value)].push(field, value ?? '');
  return parts.flatMap((part) => [byPart[part].length, ...byPart[part]]);
}

function headOf({ jobId, attempt, token, before, after, bytes }: Append): ScriptArgument[] {
  return [jobId, attempt, token, before, after, bytes];
}

export function appendArguments(append: Append): ScriptArgument[] {
  return [...headOf(append), ...changeArguments(append.changes)];
}

/** @param answer JSON or '', each as text or as a staged value */
export function finishArguments(
  append: Append,
  end: AttemptEnd,
  answer: { output: string; text: string },
  retentionMs: number,
): ScriptArgument[] {
  const { output: _, text: __, ...changes } = append.changes;
  const next = [end.delayMs, end.leavesQueue ? 1 : 0];
  return [...headOf(append), end.status, retentionMs, ...next, answer.output, answer.text, ...changeArguments(changes)];
}

type Refused = Exclude<AppendReply['kind'], 'applied'>;

export function refusedReply(kind: string): AppendReply {
  return { kind: kind as Refused };
}

/** The reply to one append of those in a call of the script `append`. */
export function appendReplyOf(reply: unknown): AppendReply {
  const [kind, cancel, listeners = 1] = reply as [string, number, number?];
  if (kind !== 'applied' && kind !== 'again') return refusedReply(kind);
  return { kind: 'applied', cancelRequested: cancel === 1, isWatched: listeners > 0, ended: null };
}

export function finishReplyOf(reply: unknown, end: AttemptEnd): AppendReply {
  const [kind, status, ...unblocked] = reply as [string, string, ...string[]];
  if (kind !== 'applied' && kind !== 'again') return refusedReply(kind);
  const ended = kind === 'again' ? { status: end.status, unblocked: [] } : { status: status as JobStatus, unblocked };
  return { kind: 'applied', cancelRequested: false, isWatched: true, ended };
}
