/** What a client is told of a budget that has no room: the same at submit and of a job under way. */
import type { Limits } from '@holdfast/core';
import type { OverBudget } from './ledger.ts';
import { endOf } from './periods.ts';

export const sayUsd = (amount: number) => `$${Number(amount.toFixed(6))}`;

export function sayOverBudget({ period, spentUsd, reservedUsd, nowMs }: OverBudget, limits: Limits): string {
  const budget = limits.budget_usd?.[period] ?? 0;
  return (
    `The budget of the ${period} is ${sayUsd(budget)}: ${sayUsd(spentUsd)} spent, ${sayUsd(reservedUsd)} set aside for jobs ` +
    `that have not ended. It begins anew at ${new Date(endOf(period, nowMs)).toISOString()}.`
  );
}
