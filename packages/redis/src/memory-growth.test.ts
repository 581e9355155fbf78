import { describe, expect, it } from '@jest/globals';
import { growthOf, type MemorySample } from './memory-growth.ts';

const HOUR = 3_600_000;
const NOW = 1_800_000_000_000;

/** A sample each five minutes, the newest first. @param used bytes, so many hours ago */
function day(used: (hoursAgo: number) => number, hours = 24): MemorySample[] {
  return Array.from({ length: hours * 12 }, (_, at) => {
    const hoursAgo = at / 12;
    return { atMs: NOW - hoursAgo * HOUR, usedBytes: used(hoursAgo) };
  });
}

describe('the growth of memory', () => {
  it('is unknown for samples of less than an hour', () => {
    expect(growthOf([], 100)).toEqual({ bytesPerDay: null, fullAtMs: null });
    const short = day((ago) => 1_000 - ago, 1).slice(0, 11);
    expect(growthOf(short, 100)).toEqual({ bytesPerDay: null, fullAtMs: null });
  });

  it('says when the limit is reached if it goes on', () => {
    // 10 bytes an hour, 1,000 now: another 1,000 take 100 hours.
    const { bytesPerDay, fullAtMs } = growthOf(
      day((ago) => 1_000 - 10 * ago),
      2_000,
    );
    expect(bytesPerDay).toBe(240);
    expect(Math.abs((fullAtMs ?? 0) - (NOW + 100 * HOUR))).toBeLessThan(1_000);
  });

  it('is not misled by waves, as of jobs that expire together', () => {
    const waves = day((ago) => 1_000 - 10 * ago + 50 * Math.sin(ago * 12));
    expect(growthOf(waves, 2_000).bytesPerDay).toBeGreaterThan(200);
    expect(growthOf(waves, 2_000).bytesPerDay).toBeLessThan(280);
  });

  it('has no such time where it does not grow, shrinks, grows for more than a year, or has no limit', () => {
    expect(
      growthOf(
        day(() => 1_000),
        2_000,
      ),
    ).toEqual({ bytesPerDay: 0, fullAtMs: null });
    expect(
      growthOf(
        day((ago) => 1_000 + ago),
        2_000,
      ),
    ).toEqual({ bytesPerDay: -24, fullAtMs: null });
    expect(
      growthOf(
        day((ago) => 1_000 - ago),
        1_000_000,
      ),
    ).toEqual({ bytesPerDay: 24, fullAtMs: null });
    expect(
      growthOf(
        day((ago) => 1_000 - ago),
        null,
      ),
    ).toEqual({ bytesPerDay: 24, fullAtMs: null });
  });

  it('is now where the limit is reached', () => {
    expect(
      growthOf(
        day((ago) => 1_000 - ago),
        900,
      ).fullAtMs,
    ).toBe(NOW);
  });
});
