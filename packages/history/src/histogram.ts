/**
 * Durations in logarithmic buckets: each is 2^(1/4) = 1.19 times as long as the one before. So a percentile is off by 9 % at most, from
 * a millisecond to days, with a handful of numbers. Bucket 0 holds up to 1 ms.
 */
import type { Counts } from './buckets.ts';

const PER_DOUBLING = 4;
/** A month; what takes longer is counted as that. */
const LAST = 126;

export function bucketOf(seconds: number): number {
  const ms = seconds * 1_000;
  return ms <= 1 ? 0 : Math.min(LAST, Math.ceil(PER_DOUBLING * Math.log2(ms)));
}

export interface Percentiles {
  /** In seconds; null: nothing was measured. */
  p50: number | null;
  p95: number | null;
}

export function percentilesOf(counts: Counts): Percentiles {
  let total = 0;
  for (const count of counts) total += count ?? 0;
  return { p50: quantile(counts, 0.5 * total), p95: quantile(counts, 0.95 * total) };
}

/** @param wanted how many have to be at most as long */
function quantile(counts: Counts, wanted: number): number | null {
  let seen = 0;
  for (const [bucket, count = 0] of counts.entries()) {
    seen += count;
    if (count > 0 && seen >= wanted) return middleOf(bucket);
  }
  return null;
}

/** The geometric middle of a bucket, in seconds. */
function middleOf(bucket: number): number {
  return bucket === 0 ? 0.001 : 2 ** ((bucket - 0.5) / PER_DOUBLING) / 1_000;
}
