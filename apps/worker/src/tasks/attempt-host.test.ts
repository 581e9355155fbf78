import type { AttemptError, JsonValue, ProviderEvent } from '@holdfast/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { cutAfter, dataOf, jobOf, limited, model } from '../../testing/tasks.ts';
import { aborted, cancelled, completed, openTestWorker, type TestWorker, until } from '../../testing/worker.ts';
import type { Thrown } from './describe-thrown.ts';

let t: TestWorker;
beforeAll(async () => {
  t = await openTestWorker();
});
afterEach(() => model.reset());
afterAll(() => t.close());

describe('a call of a task', () => {
  it('has a key of its own, and is repeated under it; other calls of the job count on', async () => {
    const { id, attempt } = await jobOf(
      t,
      async (ctx) => Promise.all(['aa', 'bb'].map((prompt) => ctx.step(prompt, () => ctx.generate({ prompt })))),
      { lane: { idempotent: true } },
    );
    model.says.aa = () => cutAfter('A');
    // biome-ignore lint/correctness/useYield: it only fails
    model.says.bb = async function* () {
      throw limited();
    };
    expect((await attempt()).kind).toBe('retry');
    model.says = {};
    expect(await attempt()).toEqual(completed);
    const keys = model.calls.map(({ call }) => call.idempotencyKey ?? '');
    expect(keys[2]).toBe(keys[0]);
    expect(keys.map((key) => key.replace(/:\d+\./, ':'))).toEqual([
      expect.stringMatching(`^${id}:0:aa/[0-9a-f]{12}.1$`),
      expect.stringMatching(`^${id}:0:bb/[0-9a-f]{12}.1$`),
      expect.stringMatching(`^${id}:0:aa/`),
      expect.stringMatching(`^${id}:1:bb/`),
    ]);
    expect(await t.job(id)).toMatchObject({ provider_calls: 4, ambiguous_calls: 0 });
  });

  it('keeps its answer apart from others beside it, whichever comes first', async () => {
    const order = { aa: 0, bb: 1 };
    let fails = true;
    const { id, attempt } = await jobOf(t, async (ctx) => {
      const said = await Promise.all(
        (['aa', 'bb'] as const).map(async (prompt) => {
          for (let turn = 0; turn < order[prompt]; turn += 1)
            await ctx.generate({ prompt: `turn ${turn}`, stream: false });
          return ctx.generate({ prompt, stream: false });
        }),
      );
      if (fails) throw limited();
      return said;
    });
    expect((await attempt()).kind).toBe('retry');
    [fails, order.aa, order.bb] = [false, 1, 0];
    expect(await attempt()).toEqual(completed);
    expect((await t.job(id)).output).toEqual(['AA', 'BB']);
    expect(model.prompts()).toHaveLength(3);
  });

  it('that is refused has been paid: it is counted, and is over', async () => {
    const { id, attempt } = await jobOf(t, async (ctx) =>
      ctx.step('s', () => ctx.generate({ prompt: 'no' }).catch((error: AttemptError) => error.code)),
    );
    model.says.no = async function* () {
      const output = { choices: [{ message: { role: 'assistant', content: null, refusal: 'I can not.' } }] };
      yield { kind: 'result', output, usage: { input_tokens: 3, output_tokens: 2 } };
    };
    expect(await attempt()).toEqual(completed);
    expect(await t.job(id)).toMatchObject({ output: 'content_refused', usage: { input_tokens: 3 } });
    const stored = await t.redis.hkeys(t.journal.keysOf(id).calls);
    expect(stored.filter((field) => field.startsWith('call:'))).toEqual([]);
  });

  it('that may have been paid and is lost fails the job, where it model.says so', async () => {
    const { id, attempt } = await jobOf(t, async (ctx) => ctx.step('s', () => ctx.generate({ prompt: 'lost' })), {
      on_ambiguous: 'fail',
    });
    model.says.lost = ({ signal }) => waitFor(signal);
    const lock = new AbortController();
    const vanished = attempt({ lockLost: lock.signal });
    await until('it asks', () => model.calls.length === 1);
    expect(await attempt()).toMatchObject({ kind: 'failed', error: { code: 'ambiguous_call' } });
    lock.abort();
    expect(await vanished).toEqual({ kind: 'lost' });
    expect(await t.job(id)).toMatchObject({ provider_calls: 1, ambiguous_calls: 1 });
  });

  async function* waitFor(signal: AbortSignal): AsyncGenerator<ProviderEvent> {
    yield { kind: 'text', text: '.' };
    await aborted(signal);
  }

  it('is ended at the provider when the job is cancelled, and so are those beside it', async () => {
    const unlisten = await t.deps.running.listen(t.journal, t.feed);
    const { id, attempt } = await jobOf(
      t,
      async (ctx) => Promise.all(['aa', 'bb'].map((prompt) => ctx.step(prompt, () => ctx.generate({ prompt })))),
      { lane: { background: true } },
    );
    for (const prompt of ['aa', 'bb']) {
      model.says[prompt] = async function* ({ signal }) {
        yield { kind: 'response', id: `resp_${prompt}` };
        await aborted(signal);
      };
    }
    const outcome = attempt();
    await until('both run', async () => (await dataOf(t, id, 'call.accepted')).length === 2);
    await t.journal.cancel(id);
    expect(await outcome).toEqual(cancelled);
    unlisten();
    expect([...model.ended].sort()).toEqual(['resp_aa', 'resp_bb']);
    expect((await t.types(id)).at(-1)).toBe('job.cancelled');
  });
});

describe('a task', () => {
  it('whose output does not fit its schema fails', async () => {
    const { attempt } = await jobOf(t, async () => 5, { output: z.string() });
    expect(await attempt()).toMatchObject({ kind: 'failed', error: { code: 'output_invalid' } });
  });

  const logged: [fields: { jobId?: string; task?: string; thrown?: Thrown }, message: string][] = [];
  const say = (fields: object, message: string) => void logged.push([fields, message]);
  const logger = { debug: say, info: say, warn: say, error: say };
  const broken = async () => {
    throw new RangeError('no price in "12,50 EUR"');
  };

  it('that throws an error of its own fails; its author learns from the log what was thrown, and where', async () => {
    const { id, attempt } = await jobOf(t, broken);
    logged.length = 0;
    expect(await attempt({ deps: { logger } })).toMatchObject({ kind: 'failed', error: { code: 'task_error' } });
    const [fields] = logged.find(([, message]) => message === 'task failed') ?? [];
    expect(fields).toMatchObject({ jobId: id, task: 't', thrown: { type: 'RangeError' } });
    expect(fields?.thrown?.message).toBe('no price in "12,50 EUR"');
    expect(fields?.thrown?.at[0]).toMatch(/^(async )?broken \(.*attempt-host\.test\.ts:\d+:\d+\)$/);
    // Clients are not told: it may quote a prompt.
    expect(JSON.stringify([await t.job(id), await t.events(id)])).not.toContain('no price');
    expect((await t.job(id)).error?.message).toBe('The task "t" met an error of its own; the worker\'s log has it.');
  });

  it('that throws an error of its own says so to clients where the config file wants it', async () => {
    const { id, attempt } = await jobOf(t, broken);
    await attempt({ deps: { showsTaskErrors: true } });
    expect((await t.job(id)).error).toMatchObject({
      code: 'task_error',
      retryable: false,
      message: 'The task "t" threw RangeError: no price in "12,50 EUR"',
    });
  });

  it('logs under its name and the job’s id, with fields or without', async () => {
    const { id, attempt } = await jobOf(t, async (ctx) => {
      ctx.logger.info('begun');
      ctx.logger.warn({ deps: 3, jobId: 'another' }, 'split');
      ctx.logger.error(new RangeError('odd'), 'went on');
      return null;
    });
    logged.length = 0;
    expect(await attempt({ deps: { logger } })).toEqual(completed);
    const own = { jobId: id, attempt: 1, task: 't' };
    expect(logged).toContainEqual([own, 'begun']);
    expect(logged).toContainEqual([{ deps: 3, ...own }, 'split']);
    expect(logged).toContainEqual([{ error: new RangeError('odd'), ...own }, 'went on']);
  });

  it.each<[string, () => unknown, string]>([
    ['a Date', () => ({ at: [new Date(0)] }), 'The task\'s output must be JSON, but ".at[0]" of it is a Date.'],
    ['a BigInt', () => 5n, "The task's output must be JSON, but it is a BigInt."],
  ])('whose output is not JSON fails, and says where: %s', async (_, output, message) => {
    const { id, attempt } = await jobOf(t, async () => output() as JsonValue);
    expect(await attempt()).toMatchObject({ kind: 'failed', error: { code: 'output_invalid' } });
    expect((await t.job(id)).error?.message).toBe(message);
  });

  it('may leave optional members of its output undefined', async () => {
    const { id, attempt } = await jobOf(t, async () => ({ a: 1, b: undefined }) as unknown as JsonValue);
    expect(await attempt()).toEqual(completed);
    expect((await t.job(id)).output).toEqual({ a: 1 });
  });

  it('that does not listen to the signal neither holds up its end nor writes after it', async () => {
    const unlisten = await t.deps.running.listen(t.journal, t.feed);
    let goOn = () => {};
    const late: Promise<unknown>[] = [];
    const { id, attempt } = await jobOf(t, async (ctx) => {
      await ctx.step('deaf', () => new Promise<null>((resolve) => (goOn = () => resolve(null)))).catch(() => undefined);
      late.push(ctx.generate({ prompt: 'late' }));
      return null;
    });
    const outcome = attempt();
    await until('it runs', async () => (await t.types(id)).includes('attempt.started'));
    await t.journal.cancel(id);
    expect(await outcome).toEqual(cancelled);
    unlisten();
    goOn();
    await until('it has gone on', () => late.length === 1);
    await expect(late[0]).rejects.toThrow();
    expect(model.calls).toHaveLength(0);
    expect((await t.types(id)).at(-1)).toBe('job.cancelled');
  });

  it('asks for no model of another lane', async () => {
    const { attempt } = await jobOf(t, async (ctx) => ctx.generate({ prompt: 'x', model: 'elsewhere' }));
    const laneOf = (model: string) => (model === 'elsewhere' ? 'other' : 'default');
    expect(await attempt({ deps: { laneOf } })).toMatchObject({ kind: 'failed', error: { code: 'task_error' } });
  });
});
