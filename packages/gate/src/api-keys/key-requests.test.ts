import { describe, expect, it } from '@jest/globals';
import { keyRequestSchema, tenantSettingsSchema } from './key-requests.ts';

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
    expect(keyRequestSchema.safeParse({ scopes: ['root'] }).success).toBe(false);
  });

  it('may name tasks, but not none', () => {
    expect(keyRequestSchema.safeParse({ scopes: ['submit'], tasks: ['chat.completions'] }).success).toBe(true);
    expect(keyRequestSchema.safeParse({ scopes: ['submit'], tasks: [] }).success).toBe(false);
  });
});
