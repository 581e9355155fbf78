import { describe, expect, it } from '@jest/globals';
import { formatDay, formatDuration, formatExact, formatRelative } from './times.ts';

describe('times', () => {
  it('are told from now on, back or ahead', () => {
    const now = Date.parse('2026-11-28T12:00:00Z');
    const told = (seconds: number) => formatRelative(now + seconds * 1_000, now);
    expect([1, -45, -240, -3 * 3_600, -5 * 86_400, 12].map(told)).toEqual([
      'now',
      '45 s ago',
      '4 min ago',
      '3 h ago',
      '5 d ago',
      'in 12 s',
    ]);
  });

  it('have the exact time in UTC beside', () => {
    expect(formatExact('2026-11-28T12:00:00.123Z')).toMatch(/^28 Nov 2026, .*\(2026-11-28T12:00:00Z\)$/);
    expect(formatDay('2026-11-28')).toBe('28 Nov');
  });

  it('that something took have two units at most', () => {
    expect([0, 0.34, 4.24, 42.4, 200, 7_500, 273_600].map(formatDuration)).toEqual([
      '0 s',
      '340 ms',
      '4.2 s',
      '42 s',
      '3 min 20 s',
      '2 h 5 min',
      '3 d 4 h',
    ]);
  });
});
