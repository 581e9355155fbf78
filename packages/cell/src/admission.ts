/** The arguments of the scripts that admit jobs, and their replies. */
import { type Limits, toNano, toUsd } from '@holdfast/core';
import type { ScriptArgument } from '@holdfast/redis';

/** A request to admit a job of a tenant. */
export interface AdmissionRequest {
  limits: Limits;
  /** What the first call may cost, in dollars; null: no price is known, and no budget refuses the job. */
  estimateUsd: number | null;
}

/** Requests of the last minute, for a tenant with such a limit. */
export interface RequestsLeft {
  limit: number;
  remaining: number;
  /** ms until more are admitted; 0: none was used. */
  resetMs: number;
}

/** A budget that refuses a reservation. */
export interface OverBudget {
  period: 'day' | 'month';
  spentUsd: number;
  /** Reserved for jobs that have not ended. */
  reservedUsd: number;
  /** Redis' time, in ms. */
  nowMs: number;
  /** reserved: others hold reservations; spent: the budget is used up; budget: the job may cost more than all of it. */
  why: 'reserved' | 'spent' | 'budget';
}

/** The limit that refuses a job. */
export type Refusal = { limit: 'queued' | 'requests' } | { limit: 'budget'; over: OverBudget };

/** In the order of the scripts: the day's budget, the month's. */
export function budgetArguments({ budget_usd: { day, month } = {} }: Limits): ScriptArgument[] {
  return [day === undefined ? '' : toNano(day), month === undefined ? '' : toNano(month)];
}

/** In the order of the scripts: estimate, requests a minute, budgets, maximum of waiting jobs. */
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

/** Reads the values by which scripts name a budget that refuses. */
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
