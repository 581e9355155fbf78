/** Budgets and what jobs have cost, with real processes and the simulator's own counts. */
import { randomBytes } from 'node:crypto';
import { Holdfast, type Job } from '@holdfast/client';
import { estimateCall } from '@holdfast/gate';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JournalProbe } from '../stack/journal-probe.ts';
import { chat, Stack, until } from '../stack/stack.ts';
import { makeKey } from '../stack/tenants.ts';
import { bounded, budget, prices, settledUsage } from './scenarios/budget.ts';
import { exceeded } from './scenarios/scenario.ts';
import { settledOnce } from './scenarios/settled-once.ts';
import { taskBudget } from './scenarios/task-budget.ts';

let stack: Stack;
let probe: JournalProbe;

beforeAll(async () => {
  stack = await Stack.start({ ...budget.stack, ...taskBudget.stack });
  probe = await JournalProbe.open(stack);
});
afterAll(async () => {
  await probe.close();
  await stack.close();
});

/** A tenant with a budget a day, and how it calls the API. */
async function newTenant(day: number) {
  const tenant = `t-${randomBytes(4).toString('hex')}`;
  const { key } = await makeKey(stack, probe, tenant, { budget_usd: { day } });
  const client = new Holdfast({ baseUrl: stack.apiUrl, apiKey: key });
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${stack.apiUrl}/v1${path}`, { ...init, headers: { authorization: `Bearer ${key}`, ...init.headers } });
  return {
    tenant,
    call,
    submit: (job: object, idempotencyKey?: string) =>
      call('/jobs', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(idempotencyKey ? { 'idempotency-key': idempotencyKey } : {}),
        },
        body: JSON.stringify(job),
      }),
    usage: () => client.usage(),
    settled: () => settledUsage(client),
    job: async (id: string) => (await (await call(`/jobs/${id}?wait=20`)).json()) as Job,
  };
}

const idOf = async (response: Response) => ((await response.json()) as Job).id;

describe('a budget of $1', () => {
  it('lets 500 jobs that come at once, over three API processes, spend at most $1; the rest get 402', async () => {
    const { counts, jobs, refusals, usage } = await budget.play({ stack, probe }, 500);
    expect(exceeded(budget, counts)).toEqual([]);
    expect(jobs.length + refusals.length).toBe(500);
    expect(jobs.length).toBeGreaterThan(90);
    expect(new Set(refusals.map(({ status, code }) => `${status} ${code}`))).toEqual(new Set(['402 budget_exceeded']));
    expect(refusals[0]?.message).toContain('The budget of this day is $1');
    // On a machine that is too busy a worker may lose a job: its call may have been paid, and then there is room for no other.
    const sum = (of: (job: Job) => number | null | undefined) => jobs.reduce((total, job) => total + (of(job) ?? 0), 0);
    const failed = jobs.filter(({ status }) => status !== 'completed');
    const unexplained = failed.filter(({ error, ambiguous_calls }) => {
      return error?.code !== 'budget_exceeded' || ambiguous_calls === 0;
    });
    expect(unexplained).toEqual([]);

    const { calls } = counts;
    const [made, ambiguous] = [sum((job) => job.provider_calls), sum((job) => job.ambiguous_calls)];
    expect(made).toBe(jobs.length - failed.length + ambiguous);
    expect(calls).toBeLessThanOrEqual(made);
    expect(calls).toBeGreaterThanOrEqual(made - ambiguous);
    expect(usage.day.spent_usd).toBeCloseTo(
      sum((job) => job.usage?.cost_usd),
      6,
    );
    const output_tokens = sum((job) => job.usage?.output_tokens);
    expect(usage.days).toMatchObject([{ jobs: jobs.length, calls: made, output_tokens }]);
  });

  it('is not asked for a job that is there already', async () => {
    const t = await newTenant(0.012);
    const job = bounded('there', 'tokens=100');
    const id = await idOf(await t.submit(job, 'there'));
    expect((await t.job(id)).usage?.cost_usd).toBeGreaterThan(0.01);
    expect((await t.submit(job, 'other')).status).toBe(402);
    expect((await t.submit(job, 'there')).status).toBe(200);
  });
});

describe('a budget of $2', () => {
  it('is not overrun by tasks whose further calls nobody foresaw at submit', async () => {
    const { counts, jobs } = await taskBudget.play({ stack, probe });
    expect(exceeded(taskBudget, counts)).toEqual([]);
    expect(counts).toMatchObject({ calls: 4, refused: 16 });
    expect(jobs.map(({ error }) => error?.code)).toEqual(Array(4).fill('deadline_exceeded'));
    expect(jobs[0]?.error?.message).toContain('A further call may cost');
  });
});

describe('what a job has cost', () => {
  it('is never more than was set aside, in any script, by the simulator’s count', async () => {
    const t = await newTenant(1);
    for (const text of [
      'Say something.',
      'word '.repeat(2_000),
      '日本語のテキスト'.repeat(50),
      '👩‍👩‍👧‍👦'.repeat(50),
      '\n\t"'.repeat(500),
    ]) {
      const job = chat('estimated', 'tokens=100', text);
      const input = { ...job.input, max_tokens: 100 };
      const { usage } = await t.job(await idOf(await t.submit({ ...job, input })));
      const { usd } = estimateCall(prices, 'chat.completions', input);
      expect(usage?.cost_usd).toBeGreaterThan(0.01);
      expect(usage?.cost_usd).toBeLessThanOrEqual(usd ?? 0);
    }
  });

  it('is counted when it fails: nothing for what the provider refused', async () => {
    const t = await newTenant(1);
    const id = await idOf(await t.submit(bounded('refused', 'status=400')));
    expect(await t.job(id)).toMatchObject({ status: 'failed' });
    expect(await until('settled', async () => (await t.usage()).days[0])).toMatchObject({ usd: 0, calls: 1, jobs: 1 });
  });

  it('is counted when it is cancelled: what had come', async () => {
    // Enough for one run, and not for another one on top of a cancelled one.
    const t = await newTenant(0.1005);
    const id = await idOf(await t.submit(bounded('cancelled', 'tokens=1000&itl_ms=20', 1_000)));
    await until('text has come', async () => (await (await t.call(`/jobs/${id}`)).json()).cursor > 10);
    await t.call(`/jobs/${id}/cancel`, { method: 'POST' });
    const job = await t.job(id);
    expect(job).toMatchObject({ status: 'cancelled', usage: { cost_usd: expect.any(Number) } });
    const cost = job.usage?.cost_usd ?? 0;
    expect(cost).toBeGreaterThan(0.000_5);
    expect(cost).toBeLessThan(0.1);
    expect((await t.settled()).day.spent_usd).toBeCloseTo(cost, 8);
    expect((await t.call(`/jobs/${id}/retry`, { method: 'POST' })).status).toBe(402);
  });

  it('is counted once for each run of a job that is cancelled and runs again', async () => {
    const { counts } = await settledOnce.play({ stack, probe });
    expect(exceeded(settledOnce, counts)).toEqual([]);
    expect(counts.ledgerUsd).toBeGreaterThan(0.03);
  });

  it('is nothing for a job that is cancelled before it began, at once; another run is admitted anew', async () => {
    const t = await newTenant(0.015);
    const id = await idOf(await t.submit({ ...bounded('early', 'tokens=100'), delay_ms: 60_000 }));
    expect((await t.submit(bounded('early', 'tokens=100'))).status).toBe(402);
    await t.call(`/jobs/${id}/cancel`, { method: 'POST' });
    expect(await t.usage()).toMatchObject({ reserved_usd: 0, day: { spent_usd: 0 } });
    expect((await t.call(`/jobs/${id}/retry`, { method: 'POST' })).status).toBe(202);
    expect((await t.job(id)).status).toBe('completed');
  });
});

describe('GET /v1/usage', () => {
  it('lists the days asked for, and refuses what is no day', async () => {
    const t = await newTenant(1);
    await t.job(await idOf(await t.submit(bounded('listed', 'tokens=3'))));
    await t.settled();
    const daysOf = async (query: string) => {
      const { days } = (await (await t.call(`/usage?${query}`)).json()) as { days: { date: string }[] };
      return days.map(({ date }) => date);
    };
    const today = new Date().toISOString().slice(0, 10);
    expect(await daysOf('from=2020-01-01')).toEqual([today]);
    expect(await daysOf('from=2020-01-01&to=2020-12-31')).toEqual([]);
    for (const query of ['from=yesterday', 'from=2026-13-01', 'until=2026-01-01']) {
      expect((await t.call(`/usage?${query}`)).status).toBe(422);
    }
  });
});

describe('workers that are killed while jobs end', () => {
  it('leave nothing reserved, and nothing uncounted', async () => {
    const t = await newTenant(10);
    const ids = await Promise.all(
      Array.from({ length: 60 }, async (_, at) =>
        idOf(await t.submit(bounded('killed', `tokens=${1 + (at % 9)}&itl_ms=20`))),
      ),
    );
    const statuses = () => Promise.all(ids.map((id) => probe.field(id, 'status')));
    await until(
      'some have ended',
      async () => (await statuses()).filter((status) => status === 'completed').length > 5,
    );
    await Promise.all(stack.running('worker').map((worker) => worker.end('SIGKILL')));
    await Promise.all([stack.start('worker'), stack.start('worker')]);
    const jobs = await Promise.all(ids.map((id) => t.job(id)));
    expect(jobs.map(({ status }) => status)).toEqual(ids.map(() => 'completed'));
    const usage = await t.settled();
    expect(usage.reserved_usd).toBe(0);
    const costs = jobs.reduce((sum, { usage: used }) => sum + (used?.cost_usd ?? Number.NaN), 0);
    expect(usage.day.spent_usd).toBeCloseTo(costs, 9);
    expect(usage.days).toMatchObject([{ jobs: ids.length }]);
  });
});
