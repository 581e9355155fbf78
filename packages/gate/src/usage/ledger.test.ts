/** What is asked of the ledger besides. Its steps in a submit, an end and a cancel are tested with their scripts. */
import type { Limits } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestGate, type TestGate } from '../../testing/gate.ts';
import { Ledger, type RunningAttempt } from './ledger.ts';
import { dayOf } from './periods.ts';

let t: TestGate;
let ledger: Ledger;
beforeAll(async () => {
  t = await openTestGate();
  ledger = new Ledger(t.cell);
});
afterAll(() => t.close());

const reserved = async (tenant: string) => Number(await t.redis.hget(t.cell.keys.tenant(tenant), 'reserved')) / 1e9;

describe('reserving more for a run', () => {
  const limits: Limits = { budget_usd: { day: 1 } };
  const increase = (attempt: RunningAttempt, usd: number, keptUsd = 0) =>
    ledger.increaseReservation(attempt, { usd, keptUsd }, limits);

  /** An attempt of a job for which so much was reserved. */
  async function running(tenant: string, estimateUsd: number): Promise<RunningAttempt> {
    const { jobId, refusal } = await t.submit(tenant, { estimateUsd, limits });
    if (refusal) throw new Error('refused');
    return t.claim(jobId);
  }

  it('never overruns the budget, however many jobs ask at once', async () => {
    const attempts = await Promise.all(Array.from({ length: 30 }, () => running('further', 0.02)));
    const replies = await Promise.all(attempts.map((attempt) => increase(attempt, 0.06, 0.02)));
    expect(replies.filter((over) => over === null)).toHaveLength(10);
    expect(replies.at(-1)).toMatchObject({ period: 'day', spentUsd: 0, reservedUsd: 1, why: 'reserved' });
    expect(await reserved('further')).toBe(1);
  });

  it('frees what the run does not need where it is refused, so that others can continue', async () => {
    const [one, other] = [await running('stuck', 0.5), await running('stuck', 0.5)];
    expect(await increase(one, 0.6, 0.1)).toMatchObject({ period: 'day', reservedUsd: 1 });
    expect(await reserved('stuck')).toBe(0.6);
    expect(await increase(other, 0.6, 0.1)).toBeNull();
    expect(await reserved('stuck')).toBe(0.7);
  });

  it('counts once however often it is sent, and lowers nothing where it is granted', async () => {
    const attempt = await running('increased', 0.2);
    await Promise.all([0.5, 0.5, 0.3, 0.1, 0.5].map((usd) => increase(attempt, usd)));
    expect(await reserved('increased')).toBe(0.5);
    expect(await increase(attempt, 1.001, 0.7)).toMatchObject({ reservedUsd: 0.5, why: 'budget' });
    expect(await reserved('increased')).toBe(0.5);
    expect(await increase(attempt, 1)).toBeNull();
    expect(await reserved('increased')).toBe(1);
  });

  it('does nothing for an attempt that was fenced off: the reservation is its successor’s', async () => {
    const before = await running('fenced', 0.2);
    const after = await t.claim(before.jobId);
    expect(await increase(after, 0.5, 0.3)).toBeNull();
    for (const usd of [0.9, 1.1]) expect(await increase(before, usd, 0.1)).toBeNull();
    expect(await increase({ ...after, token: before.token }, 0.9)).toBeNull();
    expect(await reserved('fenced')).toBe(0.5);
    expect(await increase(after, 1.1, 0.4)).not.toBeNull();
    expect(await reserved('fenced')).toBe(0.4);
  });

  it('does nothing for a job that has ended, or was deleted', async () => {
    const { jobId } = await t.submit('gone', { estimateUsd: 0.2, limits });
    await t.end(jobId, { usd: 0.1 });
    expect(await increase({ jobId, attempt: 0, token: '' }, 0.9)).toBeNull();
    expect(await increase({ jobId: 'job_never', attempt: 1, token: 'x' }, 0.9)).toBeNull();
    expect(await reserved('gone')).toBe(0);
  });
});

describe('requests of the last minute', () => {
  const limits = { requests_per_minute: 5 };

  it('are read without counting one, and leave when they are a minute old', async () => {
    for (let left = 4; left >= 2; left -= 1) {
      expect((await t.submit('read', { limits })).requests).toMatchObject({ limit: 5, remaining: left });
    }
    const now = await ledger.requestsLeft('read', limits);
    expect(now).toEqual({ limit: 5, remaining: 2, resetMs: expect.any(Number) });
    expect(now?.resetMs).toBeGreaterThan(59_000);
    expect(now?.resetMs).toBeLessThanOrEqual(60_100);
    expect(await ledger.requestsLeft('read', limits)).toMatchObject({ remaining: 2 });
    await t.age('read', 61_000);
    expect(await ledger.requestsLeft('read', limits)).toEqual({ limit: 5, remaining: 5, resetMs: 0 });
  });

  it('are none where they are not limited, and never fewer than none', async () => {
    expect(await ledger.requestsLeft('free', {})).toBeNull();
    for (let count = 0; count < 3; count += 1) await t.submit('lowered', { limits });
    expect(await ledger.requestsLeft('lowered', { requests_per_minute: 1 })).toMatchObject({ limit: 1, remaining: 0 });
  });
});

describe('a reading', () => {
  it('has the days with jobs that ended in them, of the range that was asked for', async () => {
    const { jobId } = await t.submit('days');
    await t.end(jobId, { usd: 0.25, calls: 1 });
    const { nowMs } = await ledger.read('days');
    const [today, before, long] = [dayOf(nowMs), dayOf(nowMs - 3 * 86_400_000), dayOf(nowMs - 500 * 86_400_000)];
    await t.redis.hset(t.cell.keys.day('days', before), { jobs: 2, usd: 5e8 });
    await t.redis.hset(t.cell.keys.day('days', long), { jobs: 2, usd: 5e8 });
    const datesOf = async (range = {}) => [...(await ledger.read('days', range)).days.keys()];
    expect(await datesOf()).toEqual([today]);
    expect(await datesOf({ from: before })).toEqual([before, today]);
    expect(await datesOf({ from: before, to: before })).toEqual([before]);
    expect(await datesOf({ from: '2000-01-01', to: '9999-01-01' })).toEqual([before, today]);
  });

  it('is empty for an unknown tenant', async () => {
    expect(await ledger.read('nobody')).toMatchObject({ usedRequests: 0, resetMs: 0, totals: {}, days: new Map() });
  });
});
