import { describe, expect, it } from '@jest/globals';
import { limitsSchema } from './limits.ts';

// cspell:ignore runing

describe('limits', () => {
  it('take what a plan may say', () => {
    const limits = { requests_per_minute: 60, max_queued: 1000, max_running: 5, weight: 1, budget_usd: { day: 1 } };
    expect(limitsSchema.parse(limits)).toEqual(limits);
  });

  it.each([
    [{ requests_per_minute: 0 }, 'requests_per_minute'],
    [{ max_running: 1.5 }, 'max_running'],
    [{ weight: 0 }, 'weight'],
    [{ weight: Number.NaN }, 'weight'],
    [{ budget_usd: { day: -1 } }, 'budget_usd.day'],
    [{ budget_usd: { year: 1 } }, 'budget_usd'],
    [{ max_runing: 5 }, ''],
  ])('refuse %j and say where', (limits, path) => {
    const result = limitsSchema.safeParse(limits);
    expect(result.error?.issues[0]?.path.join('.')).toBe(path);
  });
});
