import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestGate, silent, type TestGate } from '../../testing/gate.ts';
import { createKnownPlans } from './known-plans.ts';
import { createTenantLimits } from './tenant-limits.ts';
import { createTenants } from './tenants.ts';

let t: TestGate;
beforeAll(async () => {
  t = await openTestGate();
});
afterAll(() => t.close());

function setUp() {
  const clock = { ms: 0 };
  const errors: object[] = [];
  const tenants = createTenants(t);
  const plans = createKnownPlans({ ...t, plans: { free: { requests_per_minute: 1 } }, logger: silent });
  const limits = createTenantLimits({
    tenants,
    plans,
    now: () => clock.ms,
    logger: { ...silent, error: (fields) => void errors.push(fields) },
  });
  return { clock, errors, tenants, limits };
}

describe('limits of a tenant', () => {
  it("are its own, or its plan's, or none", async () => {
    const { tenants, limits } = setUp();
    await tenants.put('planned', { plan: 'free' });
    await tenants.put('own', { limits: { max_queued: 3 } });
    expect(await limits.of('planned')).toEqual({ requests_per_minute: 1 });
    expect(await limits.of('own')).toEqual({ max_queued: 3 });
    expect(await limits.of('nobody')).toEqual({});
  });

  it('count 3 s after they were changed', async () => {
    const { tenants, limits, clock } = setUp();
    await tenants.put('changing', { limits: { max_queued: 1 } });
    await limits.of('changing');
    await tenants.put('changing', { limits: { max_queued: 2 } });
    clock.ms = 2_999;
    expect(await limits.of('changing')).toEqual({ max_queued: 1 });
    clock.ms = 3_000;
    expect(await limits.of('changing')).toEqual({ max_queued: 2 });
  });

  it('are the last known ones on a plan that the config file no longer has, and one error in the log', async () => {
    const { tenants, limits, errors, clock } = setUp();
    await createKnownPlans({ ...t, plans: { gone: { max_queued: 7 } }, logger: silent }).store();
    await tenants.put('orphan', { plan: 'gone' });
    for (clock.ms = 0; clock.ms < 9_000; clock.ms += 3_000)
      expect(await limits.of('orphan')).toEqual({ max_queued: 7 });
    expect(errors).toEqual([{ tenant: 'orphan', plan: 'gone', status: 'missing' }]);
  });

  it('are unknown on a plan that was never stored: no new job of the tenant is admitted', async () => {
    const { tenants, limits, errors } = setUp();
    // As every object has something of this name.
    await tenants.put('lost', { plan: 'constructor' });
    expect(await limits.ifKnown('lost')).toBeNull();
    await expect(limits.of('lost')).rejects.toMatchObject({
      code: 'plan_unknown',
      status: 503,
      retryable: true,
      retryAfterMs: 60_000,
      message: expect.stringContaining('the plan "constructor"'),
    });
    expect(errors).toEqual([{ tenant: 'lost', plan: 'constructor', status: 'unknown' }]);
  });
});
