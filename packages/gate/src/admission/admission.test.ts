import type { Limits, RequestError } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestGate, silent, type TestGate } from '../../testing/gate.ts';
import { explainRefusal, warnOfUnpriced } from './admission.ts';
import type { CallEstimate } from './estimate-call.ts';

let t: TestGate;
beforeAll(async () => {
  t = await openTestGate();
});
afterAll(() => t.close());

/** @param usd what a call may cost; all but a tenth of a dollar is for 100,000 tokens of output */
const estimateOf = (usd: number | null): CallEstimate => ({
  usd,
  input_usd: usd && 0.1,
  input_tokens: 10,
  output_tokens: 100_000,
  choices: 2,
  output_limit: 'max_tokens' as const,
});

/** What a submit is told; null: its job was created. */
async function refusalOf(tenant: string, limits: Limits, usd: number | null = null): Promise<RequestError | null> {
  const estimate = estimateOf(usd);
  const { refusal, requests } = await t.submit(tenant, { limits, estimateUsd: usd });
  return refusal && explainRefusal(refusal, { limits, requests, estimate });
}

async function spend(tenant: string, usd: number): Promise<void> {
  await t.end((await t.submit(tenant)).jobId, { usd });
}

describe('a submit', () => {
  it('is refused while as many jobs wait as may', async () => {
    const limits = { max_queued: 2, requests_per_minute: 9 };
    const all = await Promise.all(Array.from({ length: 20 }, () => t.submit('waiting', { limits })));
    const created = all.filter(({ refusal }) => refusal === null);
    expect(created).toHaveLength(2);
    const refused = await refusalOf('waiting', limits);
    expect(refused).toMatchObject({ code: 'too_many_queued', status: 429, retryable: true, retryAfterMs: 5_000 });
    expect(refused?.message).toContain('limit of 2 waiting jobs');
    expect((await t.submit('waiting', { limits })).requests).toMatchObject({ limit: 9, remaining: 7 });
    for (const { jobId } of created) await t.end(jobId);
    expect(await refusalOf('waiting', limits)).toBeNull();
  });

  it('that is refused leaves nothing behind', async () => {
    const limits = { max_queued: 1, budget_usd: { day: 1 } };
    expect(await refusalOf('clean', limits, 2)).toMatchObject({ code: 'budget_exceeded', status: 402 });
    expect(await t.redis.exists(t.cell.keys.tenant('clean'), t.cell.keys.tenantJobs('clean'))).toBe(0);
    expect(await refusalOf('clean', limits, 1)).toBeNull();
  });

  it('says when the minute admits requests again', async () => {
    const limits = { requests_per_minute: 1 };
    expect(await refusalOf('told', limits)).toBeNull();
    const late = await refusalOf('told', limits);
    expect(late).toMatchObject({ code: 'too_many_requests', status: 429, retryable: true });
    expect(late?.message).toContain('limit of 1 submits and retries a minute');
    expect(late?.retryAfterMs).toBeGreaterThan(50_000);
    expect(late?.retryAfterMs).toBeLessThanOrEqual(60_100);
  });

  it('says which budget is used up until when', async () => {
    await spend('spent', 0.5);
    const refused = await refusalOf('spent', { budget_usd: { day: 5, month: 1 } }, 0.75);
    const nextMonth = Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() + 1, 1);
    expect(refused?.message).toContain(
      'may cost $0.75. The budget of this month is $1: $0.5 is spent and $0 is reserved',
    );
    expect(refused?.message).toContain(new Date(nextMonth).toISOString());
    expect(Math.abs((refused?.retryAfterMs ?? 0) - (nextMonth - Date.now()))).toBeLessThan(5_000);
  });

  it('says to try again in seconds, where money is only reserved, in either budget', async () => {
    const limits = { budget_usd: { day: 1, month: 1 } };
    await t.submit('reserved', { limits, estimateUsd: 0.9 });
    const soon = await refusalOf('reserved', limits, 0.2);
    expect(soon).toMatchObject({ code: 'budget_exceeded', retryable: true, retryAfterMs: 5_000 });
    expect(soon?.message).toContain('retry in a few seconds');
    await spend('reserved', 0.95);
    expect(await refusalOf('reserved', limits, 0.2)).toMatchObject({ retryable: false });
    const both = { budget_usd: { day: 1, month: 1.1 } };
    await spend('both', 0.95);
    await t.submit('both', { limits: both, estimateUsd: 0.04 });
    expect((await refusalOf('both', both, 0.2))?.message).toContain('The budget of this month');
  });

  it('never admits more than the whole budget: it says what fits, and no time', async () => {
    const refused = await refusalOf('small', { budget_usd: { day: 1, month: 0.5 } }, 2.1);
    expect(refused).toMatchObject({ code: 'budget_exceeded', retryable: false, retryAfterMs: undefined });
    // 40 cents are left for output, a fifth of what it asks for, for each of its two choices.
    expect(refused?.message).toMatch(
      /may cost more than the whole budget\. It fits with at most 10000 output tokens.*\(max_tokens\)/,
    );
    expect((await refusalOf('tiny', { budget_usd: { day: 0.05 } }, 2))?.message).toContain(
      'Its input alone may cost $0.1',
    );
  });

  it('of a model without a price is not refused by a budget', async () => {
    const limits = { budget_usd: { day: 0 } };
    expect(await refusalOf('unpriced', limits, null)).toBeNull();
    expect(await refusalOf('unpriced', limits, 0)).toBeNull();
    expect(await refusalOf('unpriced', limits, 1e-9)).toMatchObject({ code: 'budget_exceeded' });
  });
});

describe('a model without a price', () => {
  function warnings() {
    const said: object[] = [];
    return { said, warn: warnOfUnpriced({ ...silent, warn: (fields) => void said.push(fields) }) };
  }
  const budget = { budget_usd: { day: 0 } };

  it('is named in the log once, where a budget is meant to hold', () => {
    const { said, warn } = warnings();
    for (const tenant of ['one', 'one', 'two']) warn(tenant, 'sim', estimateOf(null), budget);
    warn('one', 'other', estimateOf(null), budget);
    expect(said).toEqual([
      { tenant: 'one', model: 'sim' },
      { tenant: 'one', model: 'other' },
    ]);
  });

  it('is not worth a word without a budget, with a price, or where no model is known', () => {
    const { said, warn } = warnings();
    warn('one', 'sim', estimateOf(null), {});
    warn('one', 'sim', estimateOf(0), budget);
    warn('one', null, null, budget);
    expect(said).toEqual([]);
  });

  it('is remembered for so many names only: clients choose them', () => {
    const { said, warn } = warnings();
    for (let at = 0; at < 2_000; at += 1) warn('one', `model ${at}`, estimateOf(null), budget);
    expect(said).toHaveLength(1_000);
  });
});
