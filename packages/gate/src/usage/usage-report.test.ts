import type { Limits } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestGate, type TestGate } from '../../testing/gate.ts';
import { Ledger } from './ledger.ts';
import { dayOf, monthOf } from './periods.ts';
import { reportUsage } from './usage-report.ts';

let t: TestGate;
beforeAll(async () => {
  t = await openTestGate();
});
afterAll(() => t.close());

const report = (tenant: string, limits: Limits = {}, range = {}) =>
  reportUsage(new Ledger(t.cell), tenant, limits, range);

describe('a report', () => {
  it('says what is reserved, what was spent in the day and the month, and what may be', async () => {
    const limits: Limits = { budget_usd: { day: 2, month: 9 }, requests_per_minute: 10 };
    const { jobId } = await t.submit('spender', { estimateUsd: 0.5, limits });
    await t.submit('spender', { estimateUsd: 0.3, limits });
    expect(await report('spender')).toMatchObject({ reserved_usd: 0.8, day: { spent_usd: 0 }, days: [] });
    await t.end(jobId, { usd: 0.25, input_tokens: 10, output_tokens: 5, calls: 1 });
    const today = dayOf(Date.now());
    expect(await report('spender', limits)).toEqual({
      object: 'usage',
      limits,
      reserved_usd: 0.3,
      day: { starts: today, spent_usd: 0.25, budget_usd: 2, resets_at: expect.stringMatching(/T00:00:00.000Z$/) },
      month: {
        starts: `${monthOf(Date.now())}-01`,
        spent_usd: 0.25,
        budget_usd: 9,
        resets_at: expect.stringMatching(/-01T00:00:00.000Z$/),
      },
      requests: { limit: 10, remaining: 8, reset_s: expect.any(Number) },
      days: [{ date: today, usd: 0.25, input_tokens: 10, output_tokens: 5, calls: 1, jobs: 1, avoided_usd: 0 }],
    });
  });

  it('counts jobs without a price, and what copied answers would have cost', async () => {
    for (const spend of [{ usd: 0.25, calls: 1 }, {}, { avoided_usd: 0.125 }]) {
      await t.end((await t.submit('mixed')).jobId, spend);
    }
    expect(await report('mixed')).toMatchObject({
      reserved_usd: 0,
      day: { spent_usd: 0.25 },
      days: [{ usd: 0.25, calls: 1, jobs: 3, avoided_usd: 0.125 }],
    });
  });

  it('starts at zero with the day and the month; what is still reserved still counts', async () => {
    await t.submit('anew', { estimateUsd: 0.6 });
    const old = { day: '2020-01-31', day_usd: 1e9, month: '2020-01', month_usd: 1e9 };
    await t.redis.hset(t.cell.keys.tenant('anew'), old);
    const nothing = { reserved_usd: 0.6, day: { spent_usd: 0 }, month: { spent_usd: 0 } };
    expect(await report('anew')).toMatchObject(nothing);
    await t.redis.hset(t.cell.keys.tenant('anew'), { month: monthOf(Date.now()) });
    expect(await report('anew')).toMatchObject({ ...nothing, month: { spent_usd: 1 } });
  });

  it('is refused for days that end before they begin, today where none is given', async () => {
    const refusal = { code: 'validation_failed', status: 422, param: 'from' };
    await expect(report('ranged', {}, { from: '2026-02-02', to: '2026-02-01' })).rejects.toMatchObject(refusal);
    await expect(report('ranged', {}, { to: '2026-02-01' })).rejects.toMatchObject(refusal);
    await expect(report('ranged', {}, { from: '9999-01-01' })).rejects.toMatchObject(refusal);
    expect((await report('ranged', {}, { from: '2026-02-01', to: '2026-02-01' })).days).toEqual([]);
  });

  it('of requests says that nothing was used, and keeps nothing for it', async () => {
    const limits = { requests_per_minute: 7 };
    await t.submit('minute', { limits });
    await t.age('minute', 61_000);
    expect((await report('minute', limits)).requests).toEqual({ limit: 7, remaining: 7, reset_s: 0 });
    expect(await t.redis.exists(t.cell.keys.minute('minute'))).toBe(0);
    expect((await report('minute')).requests).toBeNull();
  });
});
