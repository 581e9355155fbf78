import { addSpend, type Limits, noSpend } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gateKeys } from './keys.ts';
import { Ledger, reservedAtFirst } from './ledger.ts';
import { calendar } from './scripts/clock.ts';
import { openTestGate, type TestGate } from './test-gate.ts';
import { reportUsage } from './usage-report.ts';

let t: TestGate;
let ledger: Ledger;
let jobs = 0;
const newJob = () => `job_${++jobs}`;
const spend = (usd: number) => addSpend(noSpend, { usd, input_tokens: 10, output_tokens: 5, calls: 1 });

beforeAll(async () => {
  t = await openTestGate();
  ledger = new Ledger({ ...t, leaseMs: 0 });
});
afterAll(() => t.close());

async function letIn(tenant: string, usd: number | null, limits: Limits, jobId = newJob()) {
  const reply = await ledger.admit(tenant, jobId, usd, limits);
  return 'refusal' in reply ? null : { jobId, ...reply };
}

const report = (tenant: string, limits: Limits = {}) => reportUsage(ledger, tenant, limits, {});

describe('a report', () => {
  it('is refused for days that end before they begin, today where none is given', async () => {
    const of = (range: { from?: string; to?: string }) => reportUsage(ledger, 'ranged', {}, range);
    const refusal = { code: 'validation_failed', status: 422, param: 'from' };
    await expect(of({ from: '2026-02-02', to: '2026-02-01' })).rejects.toMatchObject(refusal);
    await expect(of({ to: '2026-02-01' })).rejects.toMatchObject(refusal);
    await expect(of({ from: '9999-01-01' })).rejects.toMatchObject(refusal);
    expect((await of({ from: '2026-02-01', to: '2026-02-01' })).days).toEqual([]);
  });
});

describe('requests a minute', () => {
  const limits = { requests_per_minute: 5 };

  it('are let in up to the limit at once, and then none before the first is a minute old', async () => {
    const all = await Promise.all(Array.from({ length: 50 }, () => letIn('burst', null, limits)));
    expect(all.filter(Boolean)).toHaveLength(5);
    await t.age('burst', 59_000);
    const refused = await ledger.admit('burst', newJob(), null, limits);
    expect(refused).toMatchObject({ refusal: { over: null, requests: { limit: 5, remaining: 0 } } });
    const { resetMs = 0 } = ('refusal' in refused && refused.refusal.requests) || {};
    expect(resetMs).toBeGreaterThan(0);
    expect(resetMs).toBeLessThanOrEqual(1_200);
    await t.age('burst', 1_200);
    expect(await letIn('burst', null, limits)).toMatchObject({ requests: { remaining: 4 } });
  });

  it('are never more than the limit in any 60 s, however they come', async () => {
    const admitted: number[] = [];
    let dice = 7;
    let aged = 0;
    const began = performance.now();
    for (let step = 0; step < 200; step += 1) {
      dice = (dice * 48_271) % 2_147_483_647;
      const pause = (dice % 30) * 100 * (dice % 11 === 0 ? 10 : 1);
      await t.age('random', pause);
      aged += pause;
      const at = performance.now() - began + aged;
      if (await letIn('random', null, { requests_per_minute: 10 })) admitted.push(at);
    }
    expect(admitted.length).toBeGreaterThan(50);
    admitted.forEach((at, index) => {
      const later = admitted[index + 10];
      if (later !== undefined) expect(later - at).toBeGreaterThanOrEqual(60_000 - 100);
    });
  });

  it('take no more than 602 slots, and nothing a minute after the last', async () => {
    const key = gateKeys(t.prefix).minute('long');
    const now = Math.floor(Date.now() / 100);
    const slots = Array.from({ length: 700 }, (_, at) => now - at);
    await t.redis.hset(key, 'total', 700, 'first', now - 699, ...slots.flatMap((slot) => [slot, 1]));
    await letIn('long', null, { requests_per_minute: 1_000_000 });
    expect(await t.redis.hlen(key)).toBeLessThanOrEqual(604);
    expect(await t.redis.pttl(key)).toBeGreaterThan(0);
    await t.age('long', 61_000);
    expect((await report('long', { requests_per_minute: 7 })).requests).toEqual({ limit: 7, remaining: 7, reset_s: 0 });
    expect(await t.redis.exists(key)).toBe(0);
  });

  it('count a job once however often it asks at the same time', async () => {
    const replies = await Promise.all(Array.from({ length: 20 }, () => letIn('twice', 0.1, limits, 'job_same')));
    expect(new Set(replies.map((reply) => reply?.reservation)).size).toBe(1);
    expect(await report('twice', limits)).toMatchObject({ requests: { remaining: 4 }, reserved_usd: 0.1 });
  });
});

describe('a budget', () => {
  const limits = { budget_usd: { day: 1 } };

  it('is never overrun by jobs that come at once', async () => {
    const all = await Promise.all(Array.from({ length: 500 }, () => letIn('rush', 0.03, limits)));
    expect(all.filter(Boolean)).toHaveLength(33);
    expect(await report('rush', limits)).toMatchObject({ reserved_usd: 0.99, day: { spent_usd: 0, budget_usd: 1 } });
  });

  it('counts what was spent and what is set aside, exactly, and says so when it refuses', async () => {
    for (let at = 0; at < 10; at += 1) {
      const { jobId = '', reservation = '' } = (await letIn('exact', 0.3, limits)) ?? {};
      await ledger.settle('exact', jobId, reservation, spend(0.07));
    }
    expect(await letIn('exact', 0.1, limits)).not.toBeNull();
    expect(await ledger.admit('exact', newJob(), 0.201, limits)).toMatchObject({
      refusal: { over: { period: 'day', spentUsd: 0.7, reservedUsd: 0.1 } },
    });
    expect(await letIn('exact', 0.2, limits)).not.toBeNull();
    const month = { budget_usd: { month: 0.9 } };
    expect(await ledger.admit('exact', newJob(), 0.1, month)).toMatchObject({ refusal: { over: { period: 'month' } } });
  });

  it('of nothing lets nothing in that costs something, and everything without a price', async () => {
    const none = { budget_usd: { day: 0 } };
    expect(await letIn('broke', 1e-9, none)).toBeNull();
    expect(await letIn('broke', null, none)).not.toBeNull();
    expect(await letIn('broke', 0, none)).not.toBeNull();
  });

  it('begins anew with the day and the month; what is still set aside counts on', async () => {
    const key = gateKeys(t.prefix).ledger('anew');
    const [yesterday, lastMonth] = [Date.now() - 86_400_000, Date.now() - 32 * 86_400_000].map((at) =>
      new Date(at).toISOString(),
    );
    await t.redis.hset(key, `${yesterday?.slice(0, 10)}:usd`, 1e9, `${lastMonth?.slice(0, 7)}:usd`, 1e9);
    expect(await letIn('anew', 0.6, { budget_usd: { day: 1, month: 1 } })).not.toBeNull();
    expect(await letIn('anew', 0.6, limits)).toBeNull();
  });

  it.each([9e9, 2 ** 53, 1e300])('lets nothing in that may cost $%d, however much is asked for', async (usd) => {
    const tenant = `huge-${usd}`;
    const limits = { budget_usd: { day: 1_000_000 } };
    expect(await ledger.admit(tenant, newJob(), usd, limits)).toMatchObject({ refusal: { over: { why: 'budget' } } });
    const unlimited = await letIn(tenant, usd, {});
    expect(await ledger.admit(tenant, newJob(), 0.1, limits)).toMatchObject({ refusal: { over: { why: 'reserved' } } });
    await ledger.giveBack(tenant, unlimited?.jobId ?? '', unlimited?.reservation ?? '');
    expect(await report(tenant)).toMatchObject({ reserved_usd: 0 });
    expect(await letIn(tenant, 0.1, limits)).not.toBeNull();
  });

  it('may grow and shrink at run time', async () => {
    expect(await letIn('moving', 0.9, limits)).not.toBeNull();
    expect(await letIn('moving', 0.9, limits)).toBeNull();
    expect(await letIn('moving', 0.9, { budget_usd: { day: 2 } })).not.toBeNull();
    expect(await letIn('moving', 0.01, limits)).toBeNull();
  });
});

describe('raising what is set aside for a job', () => {
  const limits = { budget_usd: { day: 1 } };
  type LetIn = Awaited<ReturnType<typeof letIn>>;
  const raise = (tenant: string, job: LetIn, usd: number, keptUsd = 0, attempt = 1) =>
    ledger.raise(
      { tenant, jobId: job?.jobId ?? '', reservation: job?.reservation ?? '', attempt },
      { usd, keptUsd },
      limits,
    );

  it('is never overrun by jobs whose further calls come at once', async () => {
    const jobs = await Promise.all(Array.from({ length: 30 }, () => letIn('further', 0.02, limits)));
    const raised = await Promise.all(jobs.map((job) => raise('further', job, 0.06, 0.02)));
    expect(raised.filter((over) => over === null)).toHaveLength(10);
    expect(raised.at(-1)).toMatchObject({ period: 'day', spentUsd: 0, reservedUsd: 1 });
    expect(await report('further', limits)).toMatchObject({ reserved_usd: 1 });
    for (const job of jobs) await ledger.settle('further', job?.jobId ?? '', job?.reservation ?? '', spend(0.02));
    expect(await report('further', limits)).toMatchObject({ reserved_usd: 0, day: { spent_usd: 0.6 } });
  });

  it('gives back what it does not need where it is refused, so that others can go on', async () => {
    const [one, other] = [await letIn('stuck', 0.5, limits), await letIn('stuck', 0.5, limits)];
    expect(await raise('stuck', one, 0.6, 0.1)).toMatchObject({ period: 'day', reservedUsd: 1 });
    expect(await report('stuck', limits)).toMatchObject({ reserved_usd: 0.6 });
    expect(await raise('stuck', other, 0.6, 0.1)).toBeNull();
    expect(await report('stuck', limits)).toMatchObject({ reserved_usd: 0.7 });
  });

  it('counts once however often it is sent, and lowers nothing where there is room', async () => {
    const job = await letIn('raised', 0.2, limits);
    expect(reservedAtFirst(job?.reservation ?? '')).toBe(0.2);
    await Promise.all([0.5, 0.5, 0.3, 0.1, 0.5].map((usd) => raise('raised', job, usd)));
    expect(await report('raised', limits)).toMatchObject({ reserved_usd: 0.5 });
    expect(await raise('raised', job, 1.001, 0.7)).toMatchObject({ reservedUsd: 0.5 });
    expect(await report('raised', limits)).toMatchObject({ reserved_usd: 0.5 });
    expect(await raise('raised', job, 1)).toBeNull();
  });

  it('does nothing for an attempt that was overtaken: the reservation is its successor’s', async () => {
    const job = await letIn('overtaken', 0.2, limits);
    expect(await raise('overtaken', job, 0.5, 0.3, 2)).toBeNull();
    for (const usd of [0.9, 1.1]) expect(await raise('overtaken', job, usd, 0.1, 1)).toBeNull();
    expect(await report('overtaken', limits)).toMatchObject({ reserved_usd: 0.5 });
    expect(await raise('overtaken', job, 1.1, 0.4, 2)).not.toBeNull();
    expect(await report('overtaken', limits)).toMatchObject({ reserved_usd: 0.4 });
  });

  it('does nothing for a run that is settled, or for another run of the job', async () => {
    const first = await letIn('gone', 0.2, limits, 'job_gone');
    await ledger.settle('gone', 'job_gone', first?.reservation ?? '', spend(0.1));
    expect(await raise('gone', first, 0.9)).toBeNull();
    expect(await report('gone', limits)).toMatchObject({ reserved_usd: 0, day: { spent_usd: 0.1 } });
    await letIn('gone', 0.3, limits, 'job_gone');
    expect(await raise('gone', first, 0.9)).toBeNull();
    expect(await report('gone', limits)).toMatchObject({ reserved_usd: 0.3 });
  });
});

describe('a settlement', () => {
  it('happens once, also when it is tried by many at once', async () => {
    const { jobId = '', reservation = '' } = (await letIn('once', 0.5, {})) ?? {};
    const settle = () => ledger.settle('once', jobId, reservation, spend(0.25));
    const results = await Promise.all(Array.from({ length: 10 }, settle));
    expect(results.filter(Boolean)).toHaveLength(1);
    expect(await report('once')).toMatchObject({
      reserved_usd: 0,
      day: { spent_usd: 0.25 },
      month: { spent_usd: 0.25 },
      days: [{ usd: 0.25, input_tokens: 10, output_tokens: 5, calls: 1, jobs: 1 }],
    });
  });

  it('counts a job for which nothing was set aside', async () => {
    const { jobId = '', reservation = '' } = (await letIn('unpriced', null, {})) ?? {};
    expect(await ledger.settle('unpriced', jobId, reservation, spend(0.25))).toBe(true);
    expect(await report('unpriced')).toMatchObject({ reserved_usd: 0, days: [{ usd: 0.25, calls: 1, jobs: 1 }] });
    const other = (await letIn('unpriced', 0, {})) ?? { jobId: '', reservation: '' };
    await ledger.drop('unpriced', { ...other, holders: 1 });
    expect(await report('unpriced')).toMatchObject({ reserved_usd: 0, days: [{ jobs: 1 }] });
  });

  it('that comes late does not touch what a later run has set aside', async () => {
    const first = (await letIn('late', 0.5, {}, 'job_again')) ?? { reservation: '' };
    await ledger.settle('late', 'job_again', first.reservation, spend(0.1));
    await letIn('late', 0.5, {}, 'job_again');
    expect(await ledger.settle('late', 'job_again', first.reservation, spend(0.1))).toBe(false);
    expect(await report('late')).toMatchObject({ reserved_usd: 0.5, day: { spent_usd: 0.1 } });
  });

  it('drops days that are more than 400 days old', async () => {
    const key = gateKeys(t.prefix).ledger('old');
    await t.redis.hset(key, '2019-05-01:usd', 5, '2019-05:usd', 5, '2019-05-01:jobs', 1);
    const { jobId = '', reservation = '' } = (await letIn('old', 0.5, {})) ?? {};
    await ledger.settle('old', jobId, reservation, spend(0.1));
    expect((await t.redis.hkeys(key)).filter((field) => field.startsWith('2019'))).toEqual([]);
    expect(await report('old')).toMatchObject({ month: { spent_usd: 0.1 } });
  });
});

describe('what is given back', () => {
  it('is free when the last holder gives it back', async () => {
    const held = await Promise.all([letIn('held', 0.4, {}, 'job_held'), letIn('held', 0.4, {}, 'job_held')]);
    const [{ reservation = '' } = { reservation: '' }] = held.map((one) => one ?? { reservation: '' });
    await ledger.giveBack('held', 'job_held', reservation);
    expect(await report('held')).toMatchObject({ reserved_usd: 0.4 });
    await ledger.giveBack('held', 'job_held', reservation);
    await ledger.giveBack('held', 'job_held', reservation);
    expect(await report('held')).toMatchObject({ reserved_usd: 0, day: { spent_usd: 0 }, days: [] });
  });

  it('is asked for once in a lease', async () => {
    const patient = new Ledger({ ...t, leaseMs: 60_000 });
    await letIn('due', 0.4, {}, 'job_due');
    const due = await patient.dueReservations('due', 10);
    expect(due.map(({ jobId }) => jobId)).toEqual(['job_due']);
    expect(await patient.dueReservations('due', 10)).toEqual([]);
  });

  it('is left alone for a lease from the time that its newest holder was let in', async () => {
    const patient = new Ledger({ ...t, leaseMs: 60_000 });
    await letIn('renewed', 0.4, {}, 'job_renewed');
    await patient.admit('renewed', 'job_renewed', 0.4, {});
    expect(await ledger.dueReservations('renewed', 10)).toEqual([]);
  });

  it('is not free where a holder has come since it was looked at', async () => {
    await letIn('come', 0.4, {}, 'job_come');
    const [due] = await ledger.dueReservations('come', 10);
    if (!due) throw new Error('not due');
    await letIn('come', 0.4, {}, 'job_come');
    await ledger.drop('come', due);
    expect(await report('come')).toMatchObject({ reserved_usd: 0.4 });
    const [again] = await ledger.dueReservations('come', 10);
    expect(again).toEqual({ ...due, holders: 1 });
    await ledger.drop('come', again ?? due);
    expect(await report('come')).toMatchObject({ reserved_usd: 0 });
  });
});

describe("Redis' calendar", () => {
  it("agrees with JavaScript's for 200 years", async () => {
    const lua = `${calendar} local dates = {} for at = 1, #ARGV do dates[at] = dateOf(tonumber(ARGV[at])) end return dates`;
    const days = Array.from({ length: 5_000 }, (_, at) => at * 14.61 * 86_400);
    const dates = await t.redis.eval(lua, 0, ...days.map((seconds) => Math.floor(seconds)));
    expect(dates).toEqual(days.map((seconds) => new Date(Math.floor(seconds) * 1_000).toISOString().slice(0, 10)));
  });
});
