/** The answer of `GET /v1/usage`, made from the ledger and the tenant's limits. */
import { requestsLeft } from '@holdfast/cell';
import { type Limits, RequestError, toUsd, type UsageDay, type UsageReport } from '@holdfast/core';
import type { DayRange, Ledger, LedgerReading } from './ledger.ts';
import { dayOf, endOf, monthOf } from './periods.ts';

/** @param range default: today. @throws RequestError `validation_failed` for one that ends before it begins */
export async function reportUsage(
  ledger: Ledger,
  tenant: string,
  limits: Limits,
  range: DayRange,
): Promise<UsageReport> {
  const reading = await ledger.read(tenant, range);
  const { nowMs, totals, usedRequests, resetMs } = reading;
  const [today, month] = [dayOf(nowMs), monthOf(nowMs)];
  const { from = today, to = today } = range;
  if (from > to) throw endsBefore(from, to);
  const requests = requestsLeft(limits, usedRequests, resetMs);
  return {
    object: 'usage',
    limits,
    reserved_usd: toUsd(Number(totals.reserved ?? 0)),
    day: {
      starts: today,
      spent_usd: totals.day === today ? toUsd(Number(totals.day_usd)) : 0,
      budget_usd: limits.budget_usd?.day ?? null,
      resets_at: new Date(endOf('day', nowMs)).toISOString(),
    },
    month: {
      starts: `${month}-01`,
      spent_usd: totals.month === month ? toUsd(Number(totals.month_usd)) : 0,
      budget_usd: limits.budget_usd?.month ?? null,
      resets_at: new Date(endOf('month', nowMs)).toISOString(),
    },
    requests: requests && {
      limit: requests.limit,
      remaining: requests.remaining,
      reset_s: Math.ceil(requests.resetMs / 1_000),
    },
    days: daysOf(reading),
  };
}

function endsBefore(from: string, to: string): RequestError {
  const message = `from: ${from} is after to (${to}). Each is today unless it is given.`;
  return new RequestError('validation_failed', message, { issues: [{ path: 'from', message }] });
}

function daysOf({ days }: LedgerReading): UsageDay[] {
  const count = (day: Readonly<Record<string, string>>, field: string) => Number(day[field] ?? 0);
  return [...days].map(([date, day]) => ({
    date,
    usd: toUsd(count(day, 'usd')),
    input_tokens: count(day, 'input_tokens'),
    output_tokens: count(day, 'output_tokens'),
    calls: count(day, 'calls'),
    jobs: count(day, 'jobs'),
    avoided_usd: toUsd(count(day, 'avoided')),
  }));
}
