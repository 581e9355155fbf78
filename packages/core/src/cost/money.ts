/**
 * Money, as it is stored: whole billionths of a US dollar, so that sums of it are exact. All amounts stay below 2^53, which
 * doubles and Redis' Lua hold exactly.
 */

import { MAX_BUDGET_USD } from '../limits.ts';

/** Above every budget, so that nothing of this size is ever let in by one: what would cost more is counted as so much. */
const MAX_NANO = 4 * MAX_BUDGET_USD * 1e9;

/** Rounded up, so that nothing that costs something costs nothing. The subtraction takes off what floats add. */
export function toNano(usd: number): number {
  return Math.min(MAX_NANO, Math.max(0, Math.ceil(usd * 1e9 - 1e-3)));
}

export function toUsd(nano: number): number {
  return nano / 1e9;
}
