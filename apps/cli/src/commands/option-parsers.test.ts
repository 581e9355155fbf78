import { describe, expect, it } from '@jest/globals';
import { pointInTime } from './option-parsers.ts';

describe('a point in time', () => {
  it('is a day, or a time with its zone', () => {
    expect(pointInTime('2026-11-28')).toBe('2026-11-28T00:00:00.000Z');
    expect(pointInTime('2026-11-28T10:00:00+02:00')).toBe('2026-11-28T08:00:00.000Z');
  });

  it.each([
    ['30s', 30_000],
    ['90m', 5_400_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
  ])('is %s before now', (text, ms) => {
    const [before, then, after] = [Date.now(), Date.parse(pointInTime(text)), Date.now()];
    expect(then).toBeGreaterThanOrEqual(before - ms);
    expect(then).toBeLessThanOrEqual(after - ms);
  });

  it.each(['', '24', 'h', '1.5h', '-1h', '1w', '2026-11-31', '2026-11-28T10:00:00', 'now'])('is not %j', (text) => {
    expect(() => pointInTime(text)).toThrow('Expected a time ago such as 90m');
  });
});
