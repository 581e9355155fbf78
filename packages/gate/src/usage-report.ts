/** What `GET /v1/usage` answers, made from the ledger and the tenant's limits. */
import { type Limits, RequestError, type UsageDay, type UsageReport } from '@holdfast/core';
import { type Ledger, type LedgerReading, requestsLeft, toUsd } from './ledger.ts';
import { dayOf, endOf, monthOf } from './periods.ts';

/** Days of the list, YYYY-MM-DD, both included. */
interface UsageRange {
  from?: string | undefined;
  to?: string | undefined;
}

/** @param range default: today. @throws RequestError `validation_failed` for one that ends before it begins */
export async function reportUsage(
  ledger: Ledger,
  tenant: string,
  limits: Limits,
  range: UsageRange,
): Promise<UsageReport> {
  const reading = await ledger.read(tenant);
  const { nowMs, fields, usedRequests, resetMs } = reading;
  const [today, month] = [dayOf(nowMs), monthOf(nowMs)];
  const { from = today, to = today } = range;
  if (from > to) throw endsBefore(from, to);
  const requests = requestsLeft(limits.requests_per_minute, usedRequests, resetMs);
  const usd = (field: string) => toUsd(fields.get(field) ?? 0);
  return {
    object: 'usage',
    limits,
    reserved_usd: usd('reserved'),
    day: {
      starts: today,
      spent_usd: usd(`${today}:usd`),
      budget_usd: limits.budget_usd?.day ?? null,
      resets_at: new Date(endOf('day', nowMs)).toISOString(),
    },
    month: {
      starts: `${month}-01`,
      spent_usd: usd(`${month}:usd`),
      budget_usd: limits.budget_usd?.month ?? null,
      resets_at: new Date(endOf('month', nowMs)).toISOString(),
    },
    requests: requests && {
      limit: requests.limit,
      remaining: requests.remaining,
      reset_s: Math.ceil(requests.resetMs / 1_000),
    },
    days: daysOf(reading).filter(({ date }) => date >= from && date <= to),
  };
}

function endsBefore(from: string, to: string): RequestError {
  const message = `from: ${from} is after to, ${to}; each is today where it isn't given`;
  return new RequestError('validation_failed', message, { issues: [{ path: 'from', message }] });
}

function daysOf({ fields }: LedgerReading): UsageDay[] {
  // Every settlement counts a job, so that every day with spend has this field.
  const dates = [...fields.keys()].filter((field) => field.endsWith(':jobs')).map((field) => field.slice(0, 10));
  return dates.sort().map((date) => ({
    date,
    usd: toUsd(fields.get(`${date}:usd`) ?? 0),
    input_tokens: fields.get(`${date}:input_tokens`) ?? 0,
    output_tokens: fields.get(`${date}:output_tokens`) ?? 0,
    calls: fields.get(`${date}:calls`) ?? 0,
    jobs: fields.get(`${date}:jobs`) ?? 0,
    avoided_usd: toUsd(fields.get(`${date}:avoided`) ?? 0),
  }));
}
