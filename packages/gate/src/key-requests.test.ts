import { describe, expect, it } from '@jest/globals';
import { keyRequestSchema, limitsSchema, tenantSettingsSchema } from './key-requests.ts';

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

describe('settings of a tenant', () => {
  it('are a plan, limits, or nothing', () => {
    for (const settings of [{ plan: 'free' }, { limits: {} }, {}]) {
      expect(tenantSettingsSchema.safeParse(settings).success).toBe(true);
    }
  });

  it('are refused with both', () => {
    expect(tenantSettingsSchema.safeParse({ plan: 'free', limits: {} }).success).toBe(false);
  });
});

describe('a request for a key', () => {
  it('names at least one known scope', () => {
    expect(keyRequestSchema.safeParse({ scopes: ['submit', 'read'] }).success).toBe(true);
    expect(keyRequestSchema.safeParse({ scopes: [] }).success).toBe(false);
    expect(keyRequestSchema.safeParse({ scopes: ['admin'] }).success).toBe(false);
  });

  it('may name tasks, but not none', () => {
    expect(keyRequestSchema.safeParse({ scopes: ['submit'], tasks: ['chat.completions'] }).success).toBe(true);
    expect(keyRequestSchema.safeParse({ scopes: ['submit'], tasks: [] }).success).toBe(false);
  });
});
