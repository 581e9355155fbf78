/** The limits of a tenant, or of a plan, in words. */
import type { Limits } from '@holdfast/core';
import { formatCount, formatUsd } from '../../format/index.ts';
import type { LimitField } from '../../kit/index.ts';

export const tenantLimits: readonly LimitField[] = [
  { name: 'requests_per_minute', label: 'Requests a minute', hint: 'Submits and retries. More get 429.' },
  { name: 'max_queued', label: 'Waiting jobs', hint: 'That wait at once. More get 429.' },
  { name: 'max_running', label: 'Running jobs', hint: 'That run at once. More wait.' },
  { name: 'weight', label: 'Weight', hint: 'Share among busy tenants. Without it 1.' },
  { name: 'budget_usd.day', label: 'Budget a day, US$', hint: 'Of the UTC day. Above it jobs get 402.' },
  { name: 'budget_usd.month', label: 'Budget a month, US$', hint: 'Of the calendar month, UTC.' },
];

export function limitText(name: string, value: number | undefined): string {
  if (value === undefined) return name === 'weight' ? '1' : 'no limit';
  return name.startsWith('budget_usd') ? formatUsd(value) : formatCount(value);
}

export const budgetOf = (limits: Limits, period: 'day' | 'month'): number | null => limits.budget_usd?.[period] ?? null;
