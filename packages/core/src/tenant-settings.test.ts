import { describe, expect, it } from '@jest/globals';
import { tenantSettingsSchema } from './tenant-settings.ts';

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
