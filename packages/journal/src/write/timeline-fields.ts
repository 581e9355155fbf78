/**
 * A job's timeline as it is stored: a short text for each attempt, provider call and step.
 *
 *   ran:<attempt>        <start> <worker>, and from its end on <ms> <outcome> <ms until the next attempt is due>
 *   made:<attempt>.<n>   <start> <provider> <model> <endpoint> <call>, and from its end on
 *                        <ms> <outcome> <ms to the first text> <tokens in> <tokens out> <billionths of a dollar>
 *   at:<path>            <attempt> <start> <ms>, of a completed step
 *
 * Starts are in ms since the job's creation, by Redis' clock. `-`: none. Names are escaped, so that they hold no blanks. An endpoint is
 * a letter, with `+` where an earlier attempt began the call. An outcome is a letter, with `:` or, where it is retryable, `!` and the
 * error's code. An attempt or a call without an end is under way, or its worker has vanished.
 *
 * Most jobs have one attempt with one call. These are fields of the record, so that such a job needs no other key; all others, and
 * texts that the record is too small for, are in the hash `calls`. Steps are in `steps`.
 */
import { type ProviderEndpoint, toNano, toUsd } from '@holdfast/core';
import type { Values } from '../record.ts';
import type { FieldChanges } from './append.ts';

export type AttemptOutcome = 'completed' | 'failed' | 'cancelled' | 'retry' | 'deferred';
export type CallOutcome = 'completed' | 'failed' | 'cancelled';

interface OutcomeOf<Outcome> {
  outcome: Outcome;
  /** Of its error; null: none. */
  code: string | null;
  retryable: boolean;
}

/** An attempt. Times in ms. */
export interface StoredAttempt {
  startMs: number;
  /** null: unknown. */
  worker: string | null;
  end: (OutcomeOf<AttemptOutcome> & { tookMs: number; retryInMs: number | null }) | null;
}

/** How a provider call has ended. Times in ms. */
export interface StoredCallEnd extends OutcomeOf<CallOutcome> {
  tookMs: number;
  /** Since its start; null: it had no text. */
  firstTextMs: number | null;
  /** null: its provider has counted none. */
  tokens: { input_tokens: number; output_tokens: number } | null;
  /** null: nothing was charged, or no price is known. */
  costUsd: number | null;
}

/** A provider call, or the part of it that one attempt has read. */
export interface StoredCall {
  startMs: number;
  provider: string;
  /** As it was sent. */
  model: string;
  endpoint: ProviderEndpoint;
  /** '' for the one call of a pass-through task. */
  call: string;
  /** An earlier attempt began it. */
  resumed: boolean;
  end: StoredCallEnd | null;
}

export interface StoredStep {
  attempt: number;
  startMs: number;
  tookMs: number;
}

export const attemptField = (attempt: number, stored: StoredAttempt): FieldChanges => ({
  [`ran:${attempt}`]: line([ms(stored.startMs), text(stored.worker), ...attemptEnd(stored.end)]),
});

export const madeField = (name: string, stored: StoredCall): FieldChanges => ({
  [`made:${name}`]: line([
    ms(stored.startMs),
    text(stored.provider),
    text(stored.model),
    endpointLetters[stored.endpoint] + (stored.resumed ? '+' : ''),
    text(stored.call),
    ...callEnd(stored.end),
  ]),
});

export const stepTimeField = (path: string, { attempt, startMs, tookMs }: StoredStep): FieldChanges => ({
  [`at:${path}`]: line([String(attempt), ms(startMs), ms(tookMs)]),
});

/** Removes an attempt or a call from the timeline. @param field its whole name */
export const dropField = (field: string): FieldChanges => ({ [field]: '' });

/** Fields that may stand in the record, in this length at most: with longer values Redis stores the record in three times the memory. */
const inRecord: readonly string[] = ['ran:1', 'made:1.1'];
const MAX_IN_RECORD = 64;

/** The hash that a field of the timeline belongs to; null: it is none. */
export function timelinePart(field: string, value: string | number | undefined): 'record' | 'calls' | 'steps' | null {
  if (field.startsWith('at:')) return 'steps';
  if (!isAttemptOrCall(field)) return null;
  const isShort = value !== undefined && value !== '' && String(value).length <= MAX_IN_RECORD;
  return isShort && inRecord.includes(field) ? 'record' : 'calls';
}

export function isAttemptOrCall(field: string): boolean {
  return field.startsWith('ran:') || field.startsWith('made:');
}

/** The fields of attempts and calls of a job. @param calls may have newer values than the record */
export function timelineFields(record: Values, calls: Values): Values {
  const all = [...Object.entries(record), ...Object.entries(calls)];
  return Object.fromEntries(all.filter(([field]) => isAttemptOrCall(field)));
}

/** The numbers in a field's name: its attempt, and for a call its number in the attempt. */
export function numbersOf(field: string): [attempt: number, call: number] {
  const [attempt, call = 0] = field
    .slice(field.indexOf(':') + 1)
    .split('.')
    .map(Number);
  return [attempt ?? 0, call];
}

export function readAttempt(stored: string): StoredAttempt {
  const [start, worker, took, outcome, retryIn] = stored.split(' ');
  const end = took ? { tookMs: Number(took), ...readOutcome(outcome), retryInMs: readNumber(retryIn) } : null;
  return { startMs: Number(start), worker: readText(worker), end: end as StoredAttempt['end'] };
}

export function readCall(stored: string): StoredCall {
  const [start, provider, model, endpoint = '', call, ...end] = stored.split(' ');
  return {
    startMs: Number(start),
    provider: readText(provider) ?? '',
    model: readText(model) ?? '',
    endpoint: byLetter(endpointLetters, endpoint.charAt(0)),
    call: readText(call) ?? '',
    resumed: endpoint.endsWith('+'),
    end: end.length === 0 ? null : readCallEnd(end),
  };
}

export function readStepTime(stored: string): StoredStep {
  const [attempt, start, took] = stored.split(' ').map(Number);
  return { attempt: attempt ?? 0, startMs: start ?? 0, tookMs: took ?? 0 };
}

function attemptEnd(end: StoredAttempt['end']): string[] {
  return end ? [ms(end.tookMs), outcomeText(end), number(end.retryInMs)] : [];
}

function callEnd(end: StoredCallEnd | null): string[] {
  if (!end) return [];
  const { tookMs, firstTextMs, tokens, costUsd } = end;
  const used = [tokens?.input_tokens ?? null, tokens?.output_tokens ?? null, costUsd === null ? null : toNano(costUsd)];
  return [ms(tookMs), outcomeText(end), number(firstTextMs), ...used.map(number)];
}

function readCallEnd(end: readonly string[]): StoredCallEnd {
  const [took, outcome, first, input, output, nano] = end;
  const [input_tokens, output_tokens, cost] = [readNumber(input), readNumber(output), readNumber(nano)];
  return {
    tookMs: Number(took),
    ...(readOutcome(outcome) as OutcomeOf<CallOutcome>),
    firstTextMs: readNumber(first),
    tokens: input_tokens === null || output_tokens === null ? null : { input_tokens, output_tokens },
    costUsd: cost === null ? null : toUsd(cost),
  };
}

const endpointLetters = { 'chat.completions': 'c', responses: 'r', embeddings: 'e' } as const satisfies Record<
  ProviderEndpoint,
  string
>;
const outcomeLetters = {
  completed: 'c',
  failed: 'f',
  cancelled: 'x',
  retry: 'r',
  deferred: 'd',
} as const satisfies Record<AttemptOutcome, string>;

function byLetter<Name extends string>(letters: Readonly<Record<Name, string>>, letter: string): Name {
  return Object.keys(letters).find((name) => letters[name as Name] === letter) as Name;
}

function outcomeText({ outcome, code, retryable }: OutcomeOf<AttemptOutcome>): string {
  return outcomeLetters[outcome] + (code === null ? '' : `${retryable ? '!' : ':'}${text(code)}`);
}

function readOutcome(stored = ''): OutcomeOf<AttemptOutcome> {
  const code = readText(stored.slice(2) || undefined);
  return { outcome: byLetter(outcomeLetters, stored.charAt(0)), code, retryable: stored.charAt(1) === '!' };
}

const NONE = '-';
/** Longer names are cut off. */
const MAX_NAME = 128;

/** Without the fields at the end that are empty. */
function line(fields: readonly string[]): string {
  return fields.join(' ').replace(/(?: -)+$/, '');
}

const ms = (value: number) => String(Math.max(0, Math.round(value)));
const number = (value: number | null) => (value === null ? NONE : String(Math.round(value)));

/** A worker's id as the claim stores it. */
export const workerName = (worker: string) => text(worker);

/** Lone surrogates can't be escaped. */
function text(value: string | null): string {
  if (value === null || value === '') return NONE;
  const escaped = encodeURIComponent(value.slice(0, MAX_NAME).toWellFormed()).replaceAll('%2F', '/');
  return escaped === NONE ? '%2D' : escaped;
}

function readText(field: string | undefined): string | null {
  return field === undefined || field === NONE ? null : decodeURIComponent(field);
}

function readNumber(field: string | undefined): number | null {
  return field === undefined || field === NONE ? null : Number(field);
}
