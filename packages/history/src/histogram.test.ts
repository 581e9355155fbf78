import { describe, expect, it } from '@jest/globals';
import { addCount } from './buckets.ts';
import { bucketOf, percentilesOf } from './histogram.ts';

function percentilesOfAll(seconds: readonly number[]) {
  const counts: number[] = [];
  for (const one of seconds) addCount(counts, bucketOf(one), 1);
  return percentilesOf(counts);
}

describe('a histogram', () => {
  it('gives percentiles that are off by less than a tenth, from milliseconds to days', () => {
    for (const seconds of [0.0015, 0.02, 0.3, 4, 59, 3_600, 200_000]) {
      const { p50, p95 } = percentilesOfAll([seconds, seconds, seconds]);
      for (const shown of [p50, p95]) expect(Math.abs((shown ?? 0) - seconds) / seconds).toBeLessThan(0.1);
    }
  });

  it('tells the middle from the tail', () => {
    const { p50, p95 } = percentilesOfAll([
      ...Array.from({ length: 90 }, () => 1),
      ...Array.from({ length: 10 }, () => 60),
    ]);
    expect(p50).toBeCloseTo(1, 0);
    expect(p95).toBeGreaterThan(54);
    expect(p95).toBeLessThan(66);
  });

  it('has no percentiles where nothing was measured, and takes times that make no sense', () => {
    expect(percentilesOf([])).toEqual({ p50: null, p95: null });
    expect(percentilesOfAll([-5, 0])).toEqual({ p50: 0.001, p95: 0.001 });
    expect(bucketOf(Number.MAX_VALUE)).toBe(126);
  });
});
