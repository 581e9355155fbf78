import { noSpend, type RequestError } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AdmissionGate, type Applicant, createAdmission } from './admission.ts';
import { createKnownPlans } from './known-plans.ts';
import { Ledger } from './ledger.ts';
import { createTenantLimits } from './tenant-limits.ts';
import { createTenants } from './tenants.ts';
import { openTestGate, silent, type TestGate } from './test-gate.ts';

let t: TestGate;
beforeAll(async () => {
  t = await openTestGate();
});
afterAll(() => t.close());

function setUp() {
  const clock = { ms: 0 };
  const errors: object[] = [];
  const warnings: object[] = [];
  const tenants = createTenants(t);
  const plans = createKnownPlans({ ...t, plans: { free: { requests_per_minute: 1 } }, logger: silent });
  const limits = createTenantLimits({
    ...{ tenants, plans, now: () => clock.ms },
    logger: { ...silent, error: (fields) => void errors.push(fields) },
  });
  const logger = { ...silent, warn: (fields: object) => void warnings.push(fields) };
  const gate = createAdmission({ ledger: new Ledger(t), limits, queued: t.queued, logger });
  return { clock, errors, warnings, tenants, limits, gate };
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
    await createKnownPlans({ ...t, plans: { gone: { max_queued: 7 } }, logger: silent }).keep();
    await tenants.put('orphan', { plan: 'gone' });
    for (clock.ms = 0; clock.ms < 9_000; clock.ms += 3_000)
      expect(await limits.of('orphan')).toEqual({ max_queued: 7 });
    expect(errors).toEqual([{ tenant: 'orphan', plan: 'gone', status: 'missing' }]);
  });

  it('are nobody’s to know on a plan that was never kept: nothing of the tenant is let in', async () => {
    const { tenants, limits, gate, errors } = setUp();
    // As every object has something of this name.
    await tenants.put('lost', { plan: 'constructor' });
    expect(await limits.ifKnown('lost')).toBeNull();
    const refused = await refusalOf(gate, { tenant: 'lost', jobId: 'job_1', model: null, estimate: null });
    expect(refused).toMatchObject({ code: 'plan_unknown', status: 503, retryable: true, retryAfterMs: 60_000 });
    expect(refused.message).toContain('the plan "constructor"');
    expect(errors).toEqual([{ tenant: 'lost', plan: 'constructor', status: 'unknown' }]);
  });
});

async function refusalOf(gate: AdmissionGate, applicant: Applicant): Promise<RequestError> {
  const reply = await gate.admit(applicant);
  if (!('refusal' in reply)) throw new Error('let in');
  return reply.refusal;
}

async function spend(tenant: string, usd: number): Promise<void> {
  const ledger = new Ledger(t);
  const reply = await ledger.admit(tenant, `job_spent_${usd}`, usd, {});
  if ('refusal' in reply) throw new Error('not let in');
  await ledger.settle(tenant, `job_spent_${usd}`, reply.reservation, { ...noSpend, usd });
}

describe('an admission', () => {
  /** @param usd what its call may cost; all but a tenth of a dollar is for 100,000 tokens of output */
  const applicant = (tenant: string, jobId: string, usd: number | null = null) => ({
    tenant,
    jobId,
    model: 'sim',
    estimate: {
      ...{ usd, input_usd: usd && 0.1, input_tokens: 10, output_tokens: 100_000 },
      ...{ choices: 2, output_limit: 'max_tokens' as const },
    },
  });

  it('is refused while as many jobs wait as may', async () => {
    const { tenants, gate } = setUp();
    await tenants.put('waiting', { limits: { max_queued: 2, requests_per_minute: 9 } });
    const ids = Array.from({ length: 20 }, (_, at) => `job_${at}`);
    const all = await Promise.all(ids.map((id) => gate.admit(applicant('waiting', id))));
    expect(all.filter((one) => !('refusal' in one))).toHaveLength(2);
    const refused = all.find((one) => 'refusal' in one);
    expect(refused).toMatchObject({ refusal: { code: 'too_many_queued', status: 429, retryAfterMs: 5_000 } });
    expect(refused).toMatchObject({ requests: { limit: 9, remaining: expect.any(Number) } });
    expect(await gate.requestsLeft('waiting')).toMatchObject({ limit: 9, remaining: 7 });
    await t.queued.leave('waiting', 'job_0');
    await t.queued.leave('waiting', 'job_1');
    expect(await gate.admit(applicant('waiting', 'job_20'))).not.toHaveProperty('refusal');
  });

  it('that is refused, or given back, leaves nothing behind', async () => {
    const { tenants, gate } = setUp();
    await tenants.put('clean', { limits: { max_queued: 1, budget_usd: { day: 1 } } });
    expect(await gate.admit(applicant('clean', 'job_dear', 2))).toMatchObject({
      refusal: { code: 'budget_exceeded', status: 402 },
    });
    const admitted = await gate.admit(applicant('clean', 'job_a', 1));
    if ('refusal' in admitted) throw admitted.refusal;
    await gate.giveBack(applicant('clean', 'job_a', 1), admitted);
    expect(await gate.admit(applicant('clean', 'job_b', 1))).not.toHaveProperty('refusal');
  });

  it('says when a minute has room, and which budget is used up until when', async () => {
    const { tenants, gate } = setUp();
    await tenants.put('told', { plan: 'free' });
    await gate.admit(applicant('told', 'job_1'));
    const late = await gate.admit(applicant('told', 'job_2'));
    expect(late).toMatchObject({ refusal: { code: 'too_many_requests' }, requests: { limit: 1, remaining: 0 } });
    const { retryAfterMs = 0 } = ('refusal' in late && late.refusal) || {};
    expect(retryAfterMs).toBeGreaterThan(50_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_100);

    await tenants.put('spent', { limits: { budget_usd: { day: 5, month: 1 } } });
    await spend('spent', 0.5);
    const { message, retryAfterMs: untilNextMonth } = await refusalOf(gate, applicant('spent', 'job_3', 0.75));
    const nextMonth = Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() + 1, 1);
    expect(message).toContain('may cost $0.75. The budget of the month is $1: $0.5 spent, $0 set aside');
    expect(message).toContain(new Date(nextMonth).toISOString());
    expect(Math.abs((untilNextMonth ?? 0) - (nextMonth - Date.now()))).toBeLessThan(5_000);
  });

  it('has room within seconds, where money is only set aside, in whichever budget', async () => {
    const { tenants, gate } = setUp();
    await tenants.put('reserved', { limits: { budget_usd: { day: 1, month: 1 } } });
    await gate.admit(applicant('reserved', 'job_1', 0.9));
    const soon = await refusalOf(gate, applicant('reserved', 'job_2', 0.2));
    expect(soon).toMatchObject({ code: 'budget_exceeded', retryable: true, retryAfterMs: 5_000 });
    expect(soon.message).toContain('try again in a few seconds');
    await spend('reserved', 0.95);
    expect(await refusalOf(gate, applicant('reserved', 'job_2', 0.2))).toMatchObject({ retryable: false });
    await tenants.put('both', { limits: { budget_usd: { day: 1, month: 1.1 } } });
    await spend('both', 0.95);
    await gate.admit(applicant('both', 'job_1', 0.04));
    expect((await refusalOf(gate, applicant('both', 'job_2', 0.2))).message).toContain('The budget of the month');
  });

  it('never has room for more than the whole budget: it says what fits, and no time', async () => {
    const { tenants, gate } = setUp();
    await tenants.put('small', { limits: { budget_usd: { day: 1, month: 0.5 } } });
    const refused = await refusalOf(gate, applicant('small', 'job_1', 2.1));
    expect(refused).toMatchObject({ code: 'budget_exceeded', retryable: false, retryAfterMs: undefined });
    // 40 cents are left for output, a fifth of what it asks for, for each of its two choices.
    expect(refused.message).toMatch(/never has room for so much\. It fits with at most 10000 tokens .*\(max_tokens\)/);
    await tenants.put('tiny', { limits: { budget_usd: { day: 0.05 } } });
    expect((await refusalOf(gate, applicant('tiny', 'job_1', 2))).message).toContain('Its input alone may cost $0.1');
  });

  it('of a model without a price is not refused by a budget, and the log says so once', async () => {
    const { tenants, gate, warnings } = setUp();
    await tenants.put('unpriced', { limits: { budget_usd: { day: 0 } } });
    for (const id of ['job_1', 'job_2', 'job_3']) {
      expect(await gate.admit(applicant('unpriced', id))).not.toHaveProperty('refusal');
    }
    expect(warnings).toEqual([{ tenant: 'unpriced', model: 'sim' }]);
  });
});
