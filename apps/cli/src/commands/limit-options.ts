/** Options for limits. Bounds and descriptions come from core's schemas, which the servers use too. */
import { type LaneLimits, type Limits, laneLimitsSchema, limitsSchema } from '@holdfast/core';
import { numberOption } from './option-parsers.ts';

const tenant = limitsSchema.shape;
const budget = tenant.budget_usd.unwrap().shape;
const lane = laneLimitsSchema.shape;

export interface TenantLimitOptions {
  requestsPerMinute?: number;
  maxQueued?: number;
  maxRunning?: number;
  weight?: number;
  budgetDay?: number;
  budgetMonth?: number;
}

export const tenantLimitOptions = [
  numberOption('--requests-per-minute <n>', tenant.requests_per_minute),
  numberOption('--max-queued <n>', tenant.max_queued),
  numberOption('--max-running <n>', tenant.max_running),
  numberOption('--weight <n>', tenant.weight),
  numberOption('--budget-day <usd>', budget.day, 'Spend per UTC day.'),
  numberOption('--budget-month <usd>', budget.month, 'Spend per calendar month (UTC).'),
];

/** null: no limit is set. */
export function tenantLimitsOf(options: TenantLimitOptions): Limits | null {
  const budgets = defined({ day: options.budgetDay, month: options.budgetMonth });
  return defined({
    requests_per_minute: options.requestsPerMinute,
    max_queued: options.maxQueued,
    max_running: options.maxRunning,
    weight: options.weight,
    budget_usd: budgets ?? undefined,
  });
}

export interface LaneLimitOptions {
  maxRunning?: number;
  requestsPerMinute?: number;
  tokensPerMinute?: number;
}

export const laneLimitOptions = [
  numberOption('--max-running <n>', lane.max_running),
  numberOption('--requests-per-minute <n>', lane.requests_per_minute),
  numberOption('--tokens-per-minute <n>', lane.tokens_per_minute),
];

/** null: no limit is set. */
export function laneLimitsOf(options: LaneLimitOptions): LaneLimits | null {
  return defined({
    max_running: options.maxRunning,
    requests_per_minute: options.requestsPerMinute,
    tokens_per_minute: options.tokensPerMinute,
  });
}

/** The members that are set; null: none is. */
function defined<Members extends object>(members: Members): Members | null {
  const there = Object.entries(members).filter(([, value]) => value !== undefined);
  return there.length > 0 ? (Object.fromEntries(there) as Members) : null;
}

/** Limits on one line: `requests_per_minute 60, budget_usd.day 5`. */
export function limitsText(limits: Limits | LaneLimits): string {
  const parts = Object.entries(limits).flatMap(([name, value]) =>
    typeof value === 'object'
      ? Object.entries(value).map(([period, usd]) => `${name}.${period} ${usd}`)
      : [`${name} ${value}`],
  );
  return parts.join(', ');
}
