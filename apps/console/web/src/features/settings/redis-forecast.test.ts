import type { Settings } from '@holdfast/admin';
import { describe, expect, it } from '@jest/globals';
import { forecastOf } from './redis-forecast.ts';

const NOW = Date.parse('2026-11-28T12:00:00Z');

function redis(changes: Partial<Settings['redis']> = {}): Settings['redis'] {
  return {
    version: '8.2.1',
    used_bytes: 100,
    max_bytes: 1_000,
    policy: 'noeviction',
    append_only: true,
    fsync: 'always',
    clients: 10,
    full_at: null,
    growth_bytes_per_day: 0,
    ...changes,
  };
}

describe('the memory of Redis', () => {
  it('is no worry while it does not grow, or is full in weeks', () => {
    expect(forecastOf(redis(), NOW).tone).toBe('neutral');
    const inWeeks = forecastOf(redis({ full_at: '2026-12-18T12:00:00Z' }), NOW);
    expect(inWeeks).toEqual({ tone: 'neutral', text: expect.stringContaining('full in 20 d') });
  });

  it('warns a week before it is full, and where it has no limit', () => {
    expect(forecastOf(redis({ full_at: '2026-12-01T12:00:00Z' }), NOW)).toEqual({
      tone: 'warn',
      text: expect.stringContaining('full in 3 d'),
    });
    expect(forecastOf(redis({ max_bytes: null }), NOW).tone).toBe('warn');
  });

  it('says that jobs are refused where they are', () => {
    const full = forecastOf(redis({ used_bytes: 900, full_at: '2026-12-18T12:00:00Z' }), NOW);
    expect(full).toEqual({ tone: 'bad', text: expect.stringContaining('queue_full') });
  });
});
