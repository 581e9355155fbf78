/** Budgets of runs that make more than one call. Over many jobs and processes: `tests/flow/budgets.test.ts`. */
import { AttemptError, type Limits, type Prices } from '@holdfast/core';
import { reportUsage } from '@holdfast/gate';
import type { TaskContext } from '@holdfast/tasks';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { cutAfter, jobOf, model, modelProvider } from '../../testing/tasks.ts';
import { completed, openTestWorker, silent, type TestWorker, until } from '../../testing/worker.ts';
import { withBreaker } from '../lanes/lane-providers.ts';

let t: TestWorker;
beforeAll(async () => {
  t = await openTestWorker();
});
beforeEach(() => model.reset());
afterAll(() => t.close());

/** A call that may write 100 tokens may cost a cent, and next to nothing for what it asks. */
const prices: Prices = {
  sim: { input_usd_per_million: 0.001, output_usd_per_million: 100 },
  dear: { input_usd_per_million: 0.001, output_usd_per_million: 1_000 },
};
const CENT = 0.010_001;
const ask = (ctx: TaskContext, prompt: string) => ctx.generate({ prompt, max_output_tokens: 100, stream: false });

/** A job of a task, for which a cent is reserved; `run` runs it under a budget a day. */
async function jobUnder(day: number, run: (ctx: TaskContext) => Promise<string>, options = {}) {
  const spentBefore = (await usage()).day.spent_usd;
  const budget: Limits = { budget_usd: { day: spentBefore + day } };
  const { id, attempt } = await jobOf(t, run, { estimateUsd: CENT, ...options });
  const deps = { prices, limits: { of: async () => budget } };
  return { id, run: (more = {}) => attempt({ deps: { ...deps, ...more } }) };
}

const usage = () => reportUsage(t.deps.ledger, 'acme', {}, {});

describe('a further call of a task', () => {
  it('is made where the budget has room for it, on top of what the calls before it have cost', async () => {
    const { id, run } = await jobUnder(0.012, async (ctx) => {
      for (const prompt of ['a', 'b', 'c']) await ask(ctx, prompt);
      return 'done';
    });
    expect(await run()).toEqual(completed);
    expect(model.prompts()).toEqual(['a', 'b', 'c']);
    expect((await t.job(id)).usage?.cost_usd).toBeCloseTo(3 * 2e-4, 6);
    expect((await usage()).reserved_usd).toBe(0);
  });

  it('is not made where it has none: the job fails, and says why', async () => {
    const { id, run } = await jobUnder(0.010_1, async (ctx) => `${await ask(ctx, 'a')}${await ask(ctx, 'b')}`);
    expect(await run()).toMatchObject({ kind: 'failed', error: { code: 'budget_exceeded' } });
    expect(model.prompts()).toEqual(['a']);
    const { error, usage: used } = await t.job(id);
    expect(error).toMatchObject({
      retryable: false,
      message: expect.stringMatching(/A further call may cost \$0\.01/),
    });
    expect(error?.message).toMatch(/The budget of this day is \$0\.0\d+: \$0\.\d+ is spent and \$0\.0\d+ is reserved/);
    expect(used?.cost_usd).toBeCloseTo(2e-4, 6);
    expect(await t.types(id)).toContain('call.failed');
    expect((await usage()).reserved_usd).toBe(0);
  });

  it('waits while others only may need what it lacks, and leaves them what it does not need itself', async () => {
    const { id, run } = await jobUnder(0.020_2, async (ctx) => `${await ask(ctx, 'a')}${await ask(ctx, 'b')}`);
    const other = await t.submit('answer', { estimateUsd: CENT });
    const refused = await run();
    expect(refused).toMatchObject({ kind: 'retry', error: { code: 'budget_exceeded', retryable: true } });
    expect('delayMs' in refused && refused.delayMs).toBeGreaterThanOrEqual(5_000);
    expect((await usage()).reserved_usd).toBeCloseTo(CENT + 2e-4, 6);
    await t.journal.cancel(other);
    expect(await run()).toEqual(completed);
    expect(model.prompts()).toEqual(['a', 'b']);
    expect(await t.job(id)).toMatchObject({ provider_calls: 2 });
  });

  it('may be done without, by a task that catches it', async () => {
    const { run } = await jobUnder(0.010_1, async (ctx) => {
      const first = await ask(ctx, 'a');
      return ask(ctx, 'b').catch((error: AttemptError) => `${first}, not b: ${error.code}`);
    });
    expect(await run()).toEqual(completed);
  });

  it('counts beside others that are under way: only as many leave as there is room for', async () => {
    let most = 0;
    let underWay = 0;
    let refused = 0;
    const refuse = (error: unknown) => {
      refused += 1;
      throw error;
    };
    const slow = async function* () {
      underWay += 1;
      most = Math.max(most, underWay);
      await until('the others are refused', () => refused === prompts.length - model.calls.length);
      underWay -= 1;
      yield { kind: 'result' as const, output: 'X', usage: { input_tokens: 1, output_tokens: 1 } };
    };
    const prompts = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const prompt of prompts) model.says[prompt] = slow;
    const { run } = await jobUnder(0.035, async (ctx) => {
      const said = await Promise.allSettled(prompts.map((prompt) => ask(ctx, prompt).catch(refuse)));
      return said.map(({ status }) => status[0]).join('');
    });
    expect(await run()).toEqual(completed);
    expect(most).toBe(3);
    expect(model.calls).toHaveLength(3);
  });
});

describe('what was reserved when a job was submitted', () => {
  it('is enough for its first call: the ledger is not asked again', async () => {
    const increase = jest.spyOn(t.deps.ledger, 'increaseReservation');
    const { run } = await jobUnder(0, (ctx) => ask(ctx, 'a'));
    expect(await run()).toEqual(completed);
    expect(increase).not.toHaveBeenCalled();
    increase.mockRestore();
  });

  it('is not enough for a call after one that may have been paid for', async () => {
    model.says.a = () => cutAfter('so far');
    const { id, run } = await jobUnder(0.010_1, (ctx) => ask(ctx, 'a'));
    expect(await run()).toMatchObject({ kind: 'retry' });
    expect(await run()).toMatchObject({ kind: 'failed', error: { code: 'budget_exceeded' } });
    expect(await t.job(id)).toMatchObject({ provider_calls: 1, ambiguous_calls: 1 });
  });

  it('is kept where it can not be asked: the job is tried again', async () => {
    const { run } = await jobUnder(1, async (ctx) => `${await ask(ctx, 'a')}${await ask(ctx, 'b')}`);
    const limits = { of: () => Promise.reject(new Error('READONLY')) };
    expect(await run({ limits })).toMatchObject({ kind: 'retry', error: { code: 'internal_error' } });
    expect(await run()).toEqual(completed);
    expect(model.prompts()).toEqual(['a', 'b']);
  });
});

describe('a dearer provider', () => {
  const down = () => {
    throw new AttemptError('provider_unavailable', 'Down.', { retryable: true, status: 503 });
  };
  const main = { name: 'main', call: down };
  const lane = {
    providers: [
      withBreaker(main, 'default', silent),
      withBreaker({ ...modelProvider, name: 'spare' }, 'default', silent, 'dear'),
    ] as const,
  };

  it('is asked where the budget has room for what it may cost', async () => {
    const { id, run } = await jobUnder(0.2, (ctx) => ask(ctx, 'a'), { lane });
    expect(await run()).toEqual(completed);
    expect((await t.job(id)).usage?.cost_usd).toBeCloseTo(2e-3, 5);
  });

  it('is not, where it has none: the job waits for the first one', async () => {
    const { run } = await jobUnder(0.05, (ctx) => ask(ctx, 'a'), { lane });
    expect(await run()).toMatchObject({ kind: 'retry', error: { code: 'provider_unavailable' } });
    expect(model.calls).toHaveLength(0);
  });
});
