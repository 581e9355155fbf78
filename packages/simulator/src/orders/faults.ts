/**
 * What goes wrong with one call: the orders, seen from the call's number in its case.
 *
 * A fault that `fail=` names happens to the calls it is named for, and to no other. A fault that is ordered but not
 * named happens to every call; `cut_after` and `stall_after` only where there is no `fail=` at all.
 */
import type { Orders } from './orders.ts';

/** Happens in place of an answer. */
type Instead = { kind: 'status'; status: number } | { kind: 'html' } | { kind: 'reset' } | { kind: 'hang' };

export interface Faults {
  /** `fail=` named this call's fault: a client that gives up on it isn't counted as `aborted`. */
  listed: boolean;
  instead: Instead | null;
  /** On the connection: the answer itself, where it can be taken up again, is whole. Tokens. */
  cutAfter: number | null;
  stallAfter: number | null;
  noDone: boolean;
  noFinish: boolean;
  splitUtf8: boolean;
  /** In the answer. */
  errorEvent: boolean;
  failed: string | null;
  bigLine: number | null;
  /** A structured answer doesn't fit its schema. */
  misfit: boolean;
  refuse: boolean;
  filter: boolean;
}

/** Where a cut, a stall or a big line was asked for without a number. */
const DEFAULT_AFTER_TOKENS = 10;
const DEFAULT_BIG_LINE_BYTES = 10_000_000;

/** Tokens that are sent before an answer breaks by `error_event` or `failed`. */
export const TOKENS_BEFORE_ERROR = 3;

/** @param number of the call in its case, from 1 */
export function faultsOf(orders: Orders, number: number): Faults {
  const entry = orders.fail[number - 1] ?? 'ok';
  const happens = (name: string, ordered: boolean) => entry === name || (ordered && !orders.fail.includes(name));
  const after = (name: string, ordered: number | null) =>
    entry === name ? (ordered ?? DEFAULT_AFTER_TOKENS) : orders.fail.length === 0 ? ordered : null;
  return {
    listed: entry !== 'ok',
    instead: insteadOf(entry) ?? (entry === 'ok' ? insteadOfEvery(orders) : null),
    cutAfter: after('cut', orders.cut_after),
    stallAfter: after('stall', orders.stall_after),
    noDone: happens('no_done', orders.no_done),
    noFinish: happens('no_finish', orders.no_finish),
    splitUtf8: happens('split_utf8', orders.split_utf8),
    errorEvent: happens('error_event', orders.error_event),
    failed: happens('failed', orders.failed !== null) ? (orders.failed ?? 'server_error') : null,
    bigLine: happens('big_line', orders.big_line !== null) ? (orders.big_line ?? DEFAULT_BIG_LINE_BYTES) : null,
    misfit: number <= orders.misfit,
    refuse: happens('refuse', orders.refuse),
    filter: happens('filter', orders.filter),
  };
}

function insteadOf(entry: string): Instead | null {
  if (entry === 'html' || entry === 'reset' || entry === 'hang') return { kind: entry };
  return /^\d+$/.test(entry) ? { kind: 'status', status: Number(entry) } : null;
}

function insteadOfEvery(orders: Orders): Instead | null {
  if (orders.status !== null) return { kind: 'status', status: orders.status };
  return orders.hang && !orders.fail.includes('hang') ? { kind: 'hang' } : null;
}
