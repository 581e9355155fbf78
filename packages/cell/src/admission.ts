/** What the scripts that admit jobs are asked, and what they answer. */
import { type Limits, toNano, toUsd } from '@holdfast/core';
import type { ScriptArgument } from '@holdfast/redis';

/** What a tenant may, as it is asked for a job that wants to come in. */
export interface AdmissionRequest {
  limits: Limits;
  /** What its first call may cost, in dollars; null: no price is known, and no budget refuses it. */
  estimateUsd: number | null;
}

/** Submits of the last minute, of a tenant that has a limit of them. */
export interface RequestsLeft {
  limit: number;
  remaining: number;
  /** ms until more is admitted; 0: nothing was used. */
  resetMs: number;
}

/** A budget that has no room. */
export interface OverBudget {
  period: 'day' | 'month';
  spentUsd: number;
  /** Reserved for jobs that have not ended. */
  reservedUsd: number;
  /** Redis' time, in ms. */
  nowMs: number;
  /** What is in the way: money that is only reserved, what is spent, or that the whole budget is smaller. */
  why: 'reserved' | 'spent' | 'budget';
}

/** Which limit is in the way. */
export type Refusal = { limit: 'queued' | 'requests' } | { limit: 'budget'; over: OverBudget };

/** As scripts take them: of the day, of the month. */
export function budgetArguments({ budget_usd: { day, month } = {} }: Limits): ScriptArgument[] {
  return [day === undefined ? '' : toNano(day), month === undefined ? '' : toNano(month)];
}

/** Estimate, requests a minute, budgets, most waiting jobs. */
export function admissionArguments({ limits, estimateUsd }: AdmissionRequest): ScriptArgument[] {
  const estimate = estimateUsd === null ? '' : toNano(estimateUsd);
  return [estimate, limits.requests_per_minute ?? '', ...budgetArguments(limits), limits.max_queued ?? ''];
}

export function requestsLeft(
  { requests_per_minute: limit }: Limits,
  used: number,
  resetMs: number,
): RequestsLeft | null {
  return limit === undefined ? null : { limit, remaining: Math.max(0, limit - used), resetMs };
}

/** Of the values with which scripts name a budget that has no room. */
export function overBudgetOf(values: readonly (string | number)[]): OverBudget {
  const [period, spent, reserved, nowMs, why] = values;
  return {
    period: period as OverBudget['period'],
    spentUsd: toUsd(Number(spent)),
    reservedUsd: toUsd(Number(reserved)),
    nowMs: Number(nowMs),
    why: why as OverBudget['why'],
  };
}

export function refusalOf(why: readonly (string | number)[]): Refusal {
  const [limit] = why;
  return limit === 'queued' || limit === 'requests' ? { limit } : { limit: 'budget', over: overBudgetOf(why) };
}
