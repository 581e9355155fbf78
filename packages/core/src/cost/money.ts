/**
 * Money as it is stored: whole billionths of a US dollar, so that sums are exact. All amounts stay below 2^53: JavaScript and
 * Redis' Lua represent these exactly.
 */

import { MAX_BUDGET_USD } from '../limits.ts';

/** Larger amounts are counted as this one. It is above every budget, so no budget ever admits it. */
const MAX_NANO = 4 * MAX_BUDGET_USD * 1e9;

/** Rounds up: what costs anything must not become 0. The subtraction removes rounding errors of floating point. */
export function toNano(usd: number): number {
  return Math.min(MAX_NANO, Math.max(0, Math.ceil(usd * 1e9 - 1e-3)));
}

export function toUsd(nano: number): number {
  return nano / 1e9;
}
