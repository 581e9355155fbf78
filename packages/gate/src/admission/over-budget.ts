/**
 * Explains why a budget refuses a call, at submit and in a running job:
 *
 *   it may cost more than the whole budget   it never fits; the message says what would
 *   reservations of other jobs               retry in a few seconds: most jobs cost less than their reservation
 *   money that is spent                      not before the period ends
 */
import type { OverBudget } from '@holdfast/cell';
import type { Limits } from '@holdfast/core';
import { endOf } from '../usage/periods.ts';
import type { CallEstimate } from './estimate-call.ts';

/** Until other jobs may have ended, in ms. */
const RETRY_MS = 5_000;

interface BudgetRefusal {
  message: string;
  /** Whether it may fit within seconds. */
  retryable: boolean;
  /** Missing: it never fits. */
  retryAfterMs?: number;
}

export const formatUsd = (amount: number) => `$${Number(amount.toFixed(6))}`;

/** @param call the call that doesn't fit; null: its client can't change it */
export function explainOverBudget(over: OverBudget, limits: Limits, call: CallEstimate | null): BudgetRefusal {
  const { period, spentUsd, reservedUsd, nowMs, why } = over;
  const budget = limits.budget_usd?.[period] ?? 0;
  const standing =
    `The budget of this ${period} is ${formatUsd(budget)}: ${formatUsd(spentUsd)} is spent and ${formatUsd(reservedUsd)} is reserved for jobs ` +
    'that have not ended.';
  if (why === 'budget') {
    const fits = call ? ` ${explainWhatFits(call, limits)}` : '';
    return { message: `${standing} The call may cost more than the whole budget.${fits}`, retryable: false };
  }
  if (why === 'reserved') {
    const message = `${standing} Most jobs cost less than their reservation: retry in a few seconds.`;
    return { message, retryable: true, retryAfterMs: RETRY_MS };
  }
  const end = endOf(period, nowMs);
  return {
    message: `${standing} The next ${period} begins at ${new Date(end).toISOString()}.`,
    retryable: false,
    retryAfterMs: end - nowMs,
  };
}

function explainWhatFits(call: CallEstimate, { budget_usd: { day, month } = {} }: Limits): string {
  const { input_usd, usd, output_tokens, choices, output_limit } = call;
  const budgetUsd = Math.min(day ?? Number.POSITIVE_INFINITY, month ?? Number.POSITIVE_INFINITY);
  const [inputUsd, outputUsd] = [input_usd ?? 0, (usd ?? 0) - (input_usd ?? 0)];
  const fits = Math.floor(((budgetUsd - inputUsd) / outputUsd) * (output_tokens / choices));
  return output_limit === null || inputUsd > budgetUsd || fits < 1
    ? `Its input alone may cost ${formatUsd(inputUsd)}: send a smaller one.`
    : `It fits with at most ${fits} output tokens: limit them in the input, if the task allows it (${output_limit}).`;
}
