/**
 * What it means that a budget has no room, and what is said of it: the same at submit and of a job under way.
 *
 *   it costs more than the whole budget    never: what would fit is said
 *   what is reserved is in the way        worth another try in a few seconds: most jobs cost less than is reserved for them
 *   what is spent is in the way            not before the period ends
 */
import type { OverBudget } from '@holdfast/cell';
import type { Limits } from '@holdfast/core';
import { endOf } from '../usage/periods.ts';
import type { CallEstimate } from './estimate-call.ts';

/** Until other jobs may have ended, in ms. */
const ASK_AGAIN_MS = 5_000;

interface NoRoom {
  message: string;
  /** Whether there may be room within seconds. */
  retryable: boolean;
  /** Missing: never. */
  retryAfterMs?: number;
}

export const sayUsd = (amount: number) => `$${Number(amount.toFixed(6))}`;

/** @param call that has no room; null: nothing that its client could change */
export function explainOverBudget(over: OverBudget, limits: Limits, call: CallEstimate | null): NoRoom {
  const { period, spentUsd, reservedUsd, nowMs, why } = over;
  const budget = limits.budget_usd?.[period] ?? 0;
  const state =
    `The budget of the ${period} is ${sayUsd(budget)}: ${sayUsd(spentUsd)} spent, ${sayUsd(reservedUsd)} reserved for jobs ` +
    'that have not ended.';
  if (why === 'budget') {
    const fits = call ? ` ${sayWhatFits(call, limits)}` : '';
    return { message: `${state} It never has room for so much.${fits}`, retryable: false };
  }
  if (why === 'reserved') {
    const message = `${state} Most of them cost less than that: try again in a few seconds.`;
    return { message, retryable: true, retryAfterMs: ASK_AGAIN_MS };
  }
  const end = endOf(period, nowMs);
  return {
    message: `${state} It begins anew at ${new Date(end).toISOString()}.`,
    retryable: false,
    retryAfterMs: end - nowMs,
  };
}

function sayWhatFits(call: CallEstimate, { budget_usd: { day, month } = {} }: Limits): string {
  const { input_usd, usd, output_tokens, choices, output_limit } = call;
  const budgetUsd = Math.min(day ?? Number.POSITIVE_INFINITY, month ?? Number.POSITIVE_INFINITY);
  const [inputUsd, outputUsd] = [input_usd ?? 0, (usd ?? 0) - (input_usd ?? 0)];
  const fits = Math.floor(((budgetUsd - inputUsd) / outputUsd) * (output_tokens / choices));
  return output_limit === null || inputUsd > budgetUsd || fits < 1
    ? `Its input alone may cost ${sayUsd(inputUsd)}: a smaller one may fit.`
    : `It fits with at most ${fits} tokens of output, where its input can limit them (${output_limit}).`;
}
