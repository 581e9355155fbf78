/**
 * The faults of one call, by the instructions and the call's number in its case.
 *
 * A fault in `fail=` happens only to the calls that it is listed for. A fault that has its own instruction and is not in `fail=` happens
 * to every call; `cut_after` and `stall_after` only where there is no `fail=` at all.
 */
import type { Instructions } from './instructions.ts';

/** Happens instead of an answer. */
type Instead = { kind: 'status'; status: number } | { kind: 'html' } | { kind: 'reset' } | { kind: 'hang' };

export interface Faults {
  /** This call's fault is in `fail=`: a client that gives up on it isn't counted as `aborted`. */
  listed: boolean;
  instead: Instead | null;
  /** Faults of the connection, in tokens. An answer that can be resumed is complete itself. */
  cutAfter: number | null;
  stallAfter: number | null;
  noDone: boolean;
  noFinish: boolean;
  splitUtf8: boolean;
  /** Faults of the answer. */
  errorEvent: boolean;
  failed: string | null;
  bigLine: number | null;
  /** A structured answer doesn't match its schema. */
  offSchema: boolean;
  refuse: boolean;
  filter: boolean;
}

/** Defaults for a cut, a stall or a big line without a number. */
const DEFAULT_AFTER_TOKENS = 10;
const DEFAULT_BIG_LINE_BYTES = 10_000_000;

/** How many tokens are sent before an answer breaks by `error_event` or `failed`. */
export const TOKENS_BEFORE_ERROR = 3;

/** @param number of the call in its case, from 1 */
export function faultsOf(instructions: Instructions, number: number): Faults {
  const entry = instructions.fail[number - 1] ?? 'ok';
  const happens = (name: string, requested: boolean) =>
    entry === name || (requested && !instructions.fail.includes(name));
  const after = (name: string, requested: number | null) =>
    entry === name ? (requested ?? DEFAULT_AFTER_TOKENS) : instructions.fail.length === 0 ? requested : null;
  return {
    listed: entry !== 'ok',
    instead: insteadOf(entry) ?? (entry === 'ok' ? insteadOfEvery(instructions) : null),
    cutAfter: after('cut', instructions.cut_after),
    stallAfter: after('stall', instructions.stall_after),
    noDone: happens('no_done', instructions.no_done),
    noFinish: happens('no_finish', instructions.no_finish),
    splitUtf8: happens('split_utf8', instructions.split_utf8),
    errorEvent: happens('error_event', instructions.error_event),
    failed: happens('failed', instructions.failed !== null) ? (instructions.failed ?? 'server_error') : null,
    bigLine: happens('big_line', instructions.big_line !== null)
      ? (instructions.big_line ?? DEFAULT_BIG_LINE_BYTES)
      : null,
    offSchema: number <= instructions.off_schema,
    refuse: happens('refuse', instructions.refuse),
    filter: happens('filter', instructions.filter),
  };
}

function insteadOf(entry: string): Instead | null {
  if (entry === 'html' || entry === 'reset' || entry === 'hang') return { kind: entry };
  return /^\d+$/.test(entry) ? { kind: 'status', status: Number(entry) } : null;
}

function insteadOfEvery(instructions: Instructions): Instead | null {
  if (instructions.status !== null) return { kind: 'status', status: instructions.status };
  return instructions.hang && !instructions.fail.includes('hang') ? { kind: 'hang' } : null;
}
