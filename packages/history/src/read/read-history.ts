/** The history of all tenants together. */
import type { Redis } from '@holdfast/redis';
import { readSpan, type Span, sumOf } from './read-buckets.ts';
import { detailsOf, type HistoryDetails, type HistorySums, sumsOf } from './summary.ts';

export type { Percentiles } from '../histogram.ts';
export type { FailureCount, HistoryDetails, HistorySums, LaneSummary, ModelSpend } from './summary.ts';

export const historyRanges = ['1h', '24h', '7d', '30d'] as const;
export type HistoryRange = (typeof historyRanges)[number];

const spans: Readonly<Record<HistoryRange, Span>> = {
  '1h': { kind: 'minute', stepS: 60, points: 60 },
  '24h': { kind: 'quarter', stepS: 900, points: 96 },
  '7d': { kind: 'hour', stepS: 3_600, points: 168 },
  '30d': { kind: 'day', stepS: 86_400, points: 30 },
};

export interface HistoryPoint extends HistorySums {
  /** When it begins: ISO 8601, UTC. */
  at: string;
  /** Its lanes, models, refusals and failures. Made when it is called: most plots need them of the whole range only. */
  details(): HistoryDetails;
}

export interface History {
  range: HistoryRange;
  /** Seconds that a point covers. */
  stepS: number;
  /** Oldest first, without gaps; the last one is not over. */
  points: HistoryPoint[];
  /** Over the whole range. */
  totals: HistorySums & HistoryDetails;
}

/**
 * What has happened in a range, at most some seconds old. Writes nothing. Costs Redis one read of 30 to 168 hashes, this process some
 * tens of milliseconds. Throws what the connection throws.
 */
export async function readHistory(redis: Redis, prefix: string, range: HistoryRange): Promise<History> {
  const span = spans[range];
  const { fromS, points } = await readSpan(redis, prefix, span);
  const sum = sumOf(points);
  return {
    range,
    stepS: span.stepS,
    points: points.map((fields, at) => ({
      at: pointTime(fromS, span, at),
      ...sumsOf(fields),
      details: () => detailsOf(fields),
    })),
    totals: { ...sumsOf(sum), ...detailsOf(sum) },
  };
}

export function pointTime(fromS: number, { stepS }: Span, at: number): string {
  return new Date((fromS + at * stepS) * 1_000).toISOString();
}
