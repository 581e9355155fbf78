/** The history by tenant, in whole hours and days. */
import { toUsd } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import { type Counts, fieldOf, namesOf, tenantCounts } from '../buckets.ts';
import { readSpan, type Span, sumOf } from './read-buckets.ts';
import { type HistoryRange, pointTime } from './read-history.ts';
import { at } from './summary.ts';

const hours = (points: number): Span => ({ kind: 'tenants-hour', stepS: 3_600, points });
const days = (points: number): Span => ({ kind: 'tenants-day', stepS: 86_400, points });

/** An hour that has just begun says little: the one before it is part of the last hour too. */
const spansOfTenant: Readonly<Record<HistoryRange, Span>> = {
  '1h': hours(2),
  '24h': hours(24),
  '7d': hours(168),
  '30d': days(30),
};
/** Of up to a thousand tenants: a week of hours would take too long to read. */
const spansOfAll: Readonly<Record<HistoryRange, Span>> = {
  '1h': hours(2),
  '24h': hours(24),
  '7d': days(7),
  '30d': days(30),
};

export interface TenantCounts {
  submitted: number;
  replayed: number;
  refused: number;
  completed: number;
  failed: number;
  cancelled: number;
  calls: number;
  inputTokens: number;
  outputTokens: number;
  costUsd: number;
  /** What answers copied from equal jobs had cost. */
  avoidedUsd: number;
}

export interface TenantTotal extends TenantCounts {
  /** `~other`: all tenants that there was no room for, of more than 1,000 in an hour or a day. */
  tenant: string;
}

export interface TenantPoint extends TenantCounts {
  /** When it begins: ISO 8601, UTC. */
  at: string;
}

export interface TenantHistory {
  tenant: string;
  range: HistoryRange;
  /** Seconds that a point covers. */
  stepS: number;
  /** Oldest first, without gaps; the last one is not over. */
  points: TenantPoint[];
  totals: TenantCounts;
}

/** All tenants of a range in whole hours, from 7 days on in whole days; dearest first. Throws what the connection throws. */
export async function readTenantTotals(redis: Redis, prefix: string, range: HistoryRange): Promise<TenantTotal[]> {
  const { points } = await readSpan(redis, prefix, spansOfAll[range]);
  return [...sumOf(points)]
    .map(([field, counts]) => ({ tenant: namesOf(field)[1] ?? '', ...countsOf(counts) }))
    .sort((one, other) => other.costUsd - one.costUsd || other.submitted - one.submitted);
}

/** One tenant, by hours; of 30 days by days. Throws what the connection throws. */
export async function readTenantHistory(
  redis: Redis,
  prefix: string,
  tenant: string,
  range: HistoryRange,
): Promise<TenantHistory> {
  const span = spansOfTenant[range];
  const field = fieldOf('tenant', tenant);
  const { fromS, points } = await readSpan(redis, prefix, span, field);
  return {
    tenant,
    range,
    stepS: span.stepS,
    points: points.map((fields, nth) => ({ at: pointTime(fromS, span, nth), ...countsOf(fields.get(field)) })),
    totals: countsOf(sumOf(points).get(field)),
  };
}

function countsOf(counts: Counts | undefined): TenantCounts {
  const of = (name: (typeof tenantCounts)[number]) => at(counts, tenantCounts.indexOf(name));
  return {
    submitted: of('submitted'),
    replayed: of('replayed'),
    refused: of('refused'),
    completed: of('completed'),
    failed: of('failed'),
    cancelled: of('cancelled'),
    calls: of('calls'),
    inputTokens: of('inputTokens'),
    outputTokens: of('outputTokens'),
    costUsd: toUsd(of('cost')),
    avoidedUsd: toUsd(of('avoided')),
  };
}
