/** How fast the memory of Redis grows, and when it is full. Pure. */

export interface MemorySample {
  /** ms */
  atMs: number;
  usedBytes: number;
}

export interface MemoryGrowth {
  /** By the line that fits the samples best; null: they are of less than an hour. */
  bytesPerDay: number | null;
  /** When so much is used that new jobs are refused; null: it has no limit, doesn't grow, or takes more than a year. */
  fullAtMs: number | null;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Later is no forecast. */
const MAX_FORECAST_MS = 365 * DAY_MS;

/**
 * @param samples in any order
 * @param limitBytes from which on new jobs are refused; null: none
 */
export function growthOf(samples: readonly MemorySample[], limitBytes: number | null): MemoryGrowth {
  const times = samples.map(({ atMs }) => atMs);
  const last = Math.max(...times);
  if (samples.length < 2 || last - Math.min(...times) < HOUR_MS) return { bytesPerDay: null, fullAtMs: null };
  const { slope, at } = fit(samples);
  const bytesPerDay = Math.round(slope * DAY_MS);
  if (limitBytes === null || slope <= 0) return { bytesPerDay, fullAtMs: null };
  const leftMs = Math.max(0, (limitBytes - at(last)) / slope);
  return { bytesPerDay, fullAtMs: leftMs > MAX_FORECAST_MS ? null : Math.round(last + leftMs) };
}

/** Least squares. `slope` in bytes a ms. */
function fit(samples: readonly MemorySample[]) {
  const mean = (of: (sample: MemorySample) => number) =>
    samples.reduce((sum, one) => sum + of(one), 0) / samples.length;
  const meanAt = mean(({ atMs }) => atMs);
  const meanUsed = mean(({ usedBytes }) => usedBytes);
  const spread = mean(({ atMs }) => (atMs - meanAt) ** 2);
  const slope = mean(({ atMs, usedBytes }) => (atMs - meanAt) * (usedBytes - meanUsed)) / spread;
  return { slope, at: (ms: number) => meanUsed + slope * (ms - meanAt) };
}
