import { AttemptError, type JsonValue } from '@holdfast/core';
import { type TaskContext, TaskError } from '@holdfast/tasks';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { cutAfter, dataOf, jobOf, limited, model, whole } from '../../testing/tasks.ts';
import { aborted, completed, openTestWorker, type TestWorker, until } from '../../testing/worker.ts';

// cspell:ignore FIRSTSEC FIRSTSECOND SHOWNREST

let t: TestWorker;
beforeAll(async () => {
  t = await openTestWorker();
});
afterEach(() => model.reset());
afterAll(() => t.close());

describe('a step', () => {
  it('that is complete is not run again, nor its calls made, when its worker vanishes', async () => {
    let runs = 0;
    const { id, attempt } = await jobOf(t, async (ctx) => {
      const first = await ctx.step('first', async () => {
        runs += 1;
        return { said: await ctx.generate({ prompt: 'one' }) };
      });
      return [first, await ctx.step('second', () => ctx.generate({ prompt: 'two' }))];
    });
    model.says.two = async function* ({ signal }) {
      yield { kind: 'text', text: 'T' };
      await aborted(signal);
    };
    const lock = new AbortController();
    const vanished = attempt({ lockLost: lock.signal });
    await until('the second step asks', () => model.prompts().includes('two'));
    model.says = {};
    expect(await attempt()).toEqual(completed);
    lock.abort();
    expect(await vanished).toEqual({ kind: 'lost' });
    expect(runs).toBe(1);
    expect(model.prompts()).toEqual(['one', 'two', 'two']);
    const job = await t.job(id);
    expect(job.output).toEqual([{ said: 'ONE' }, 'TWO']);
    expect(job).toMatchObject({
      attempt: 2,
      provider_calls: 3,
      ambiguous_calls: 1,
      usage: { input_tokens: 6, output_tokens: 4, estimated: true },
    });
    expect(await dataOf(t, id, 'step.completed')).toEqual([{ step: 'first' }, { step: 'second' }]);
  });

  it('that is not kept is paid twice: the switch of the test above', async () => {
    let fails = true;
    const { id, attempt } = await jobOf(t, async (ctx) => {
      const said = await ctx.step('first', () => ctx.generate({ prompt: 'one' }));
      if (fails) throw limited();
      return said;
    });
    expect((await attempt()).kind).toBe('retry');
    fails = false;
    expect(await t.redis.hdel(t.journal.keysOf(id).steps, 'step:first')).toBe(1);
    expect(await attempt()).toEqual(completed);
    expect(model.prompts()).toEqual(['one', 'one']);
  });

  it('fails beside others, which are waited for and kept', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { id, attempt } = await jobOf(t, async (ctx) =>
      Promise.all(['aa', 'bb', 'cc'].map((prompt) => ctx.step(prompt, () => ctx.generate({ prompt })))),
    );
    model.says.aa = async function* () {
      await held;
      yield whole('AA');
    };
    // biome-ignore lint/correctness/useYield: it only fails
    model.says.bb = async function* () {
      throw limited();
    };
    const first = attempt();
    await until('it has failed', async () => (await t.types(id)).includes('call.failed'));
    release();
    expect(await first).toMatchObject({ kind: 'retry', error: { code: 'provider_rate_limited' } });
    model.reset();
    expect(await attempt()).toEqual(completed);
    expect(model.prompts()).toEqual(['bb']);
    expect((await t.job(id)).output).toEqual(['AA', 'BB', 'CC']);
  });

  it('that fails for good breaks the others off', async () => {
    const { id, attempt } = await jobOf(t, async (ctx) =>
      Promise.all(['aa', 'bb'].map((prompt) => ctx.step(prompt, () => ctx.generate({ prompt })))),
    );
    model.says.aa = async function* ({ signal }) {
      yield { kind: 'text', text: 'A' };
      await aborted(signal);
    };
    // biome-ignore lint/correctness/useYield: it only fails
    model.says.bb = async function* () {
      throw new AttemptError('provider_bad_request', 'No.', { status: 400 });
    };
    expect(await attempt()).toMatchObject({ kind: 'failed', error: { code: 'provider_bad_request' } });
    expect(model.calls[0]?.call.signal.aborted).toBe(true);
    expect((await t.types(id)).at(-1)).toBe('job.failed');
  });

  it.each<[string, (ctx: TaskContext) => Promise<JsonValue>, RegExp]>([
    ['with a name that came before', (ctx) => twice(ctx, 'same', 'same'), /"same" comes twice/],
    ['without a usable name', (ctx) => twice(ctx, 'a/b', 'c'), /"a\/b" is not a name for a step: expected/],
    [
      'with a Date',
      (ctx) => ctx.step('s', () => given({ at: [new Date(0)] })),
      /step "s" .* "\.at\[0\]" of it is a Date/,
    ],
    ['with an undefined member', (ctx) => ctx.step('s', () => given({ a: undefined })), /"\.a" of it is undefined/],
    ['with a Map', (ctx) => ctx.step('s', () => given(new Map())), /but it is a Map/],
    ['with a function', (ctx) => ctx.step('s', () => given([() => 1])), /"\[0\]" of it is a function/],
    ['with a BigInt', (ctx) => ctx.step('s', () => given({ n: 5n })), /"\.n" of it is a BigInt/],
    ['with NaN', (ctx) => ctx.step('s', () => given({ n: Number.NaN })), /"\.n" of it is NaN/],
    ['with a circle', (ctx) => ctx.step('s', () => given(circle())), /"\.self" of it is a reference to what it is in/],
    ['inside of another, with a Date', (ctx) => inside(ctx), /step "outer\/inner" must return JSON/],
    ['with more than 256 KB', (ctx) => ctx.step('big', () => 'x'.repeat(262_144)), /262146 bytes of JSON/],
    ['beside a visible call of another', (ctx) => sideBySide(ctx), /side by side/],
  ])('%s is an error of the task', async (_, run, message) => {
    const { attempt } = await jobOf(t, run);
    const outcome = await attempt();
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'task_error', retryable: false } });
    expect('error' in outcome && outcome.error.message).toMatch(message);
  });

  /** As code that isn't typed may return it. */
  const given = (value: unknown) => value as JsonValue;

  function circle(): object {
    const self: Record<string, unknown> = {};
    self.self = self;
    return self;
  }

  async function inside(ctx: TaskContext): Promise<JsonValue> {
    return ctx.step('outer', () => ctx.step('inner', () => given(new Date(0))));
  }

  async function twice(ctx: TaskContext, ...names: string[]): Promise<JsonValue> {
    for (const name of names) await ctx.step(name, () => 1);
    return null;
  }

  async function sideBySide(ctx: TaskContext): Promise<JsonValue> {
    return Promise.all(['aa', 'bb'].map((prompt) => ctx.step(prompt, () => ctx.generate({ prompt, stream: true }))));
  }
});

describe('the text that readers see', () => {
  it('of a call that broke off is dropped, and the complete text before it told again without a call', async () => {
    const { id, attempt, text } = await jobOf(t, async (ctx) => {
      const first = await ctx.generate({ prompt: 'first' });
      return first + (await ctx.generate({ prompt: 'second' }));
    });
    model.says.second = () => cutAfter('SEC');
    expect((await attempt()).kind).toBe('retry');
    expect(await text()).toBe('FIRSTSEC');
    model.says = {};
    expect(await attempt()).toEqual(completed);
    expect(model.prompts()).toEqual(['first', 'second', 'second']);
    expect(await dataOf(t, id, 'attempt.started')).toEqual([
      { attempt: 1, resumed: false },
      { attempt: 2, resumed: false },
    ]);
    expect(await text()).toBe('FIRSTSECOND');
    expect(await t.job(id)).toMatchObject({ output: 'FIRSTSECOND', output_text: 'FIRSTSECOND', ambiguous_calls: 1 });
  });

  it('stays where all of it is complete', async () => {
    let fails = true;
    const { id, attempt, text } = await jobOf(t, async (ctx) => {
      const said = await ctx.generate({ prompt: 'seen' });
      if (fails) throw new TaskError('Not yet.', { retryable: true });
      return said;
    });
    expect(await attempt()).toMatchObject({ kind: 'retry', error: { code: 'task_error', message: 'Not yet.' } });
    fails = false;
    expect(await attempt()).toEqual(completed);
    expect(model.prompts()).toEqual(['seen']);
    expect((await dataOf(t, id, 'attempt.started')).at(-1)).toEqual({ attempt: 2, resumed: true });
    expect(await text()).toBe('SEEN');
  });

  it('goes on where a call is resumed, after the last piece that the journal has', async () => {
    const { id, attempt, text } = await jobOf(
      t,
      async (ctx) => `${await ctx.generate({ prompt: 'ab' })}${await ctx.generate({ prompt: 'cd' })}`,
      { lane: { background: true } },
    );
    model.says.cd = async function* ({ resume }) {
      if (!resume) yield { kind: 'response', id: 'resp_1' };
      if (!resume) yield { kind: 'text', text: 'C', cursor: 7 };
      if (!resume) throw new AttemptError('provider_stream_cut', 'Cut.', { retryable: true });
      yield { kind: 'text', text: 'D', cursor: 8 };
      yield whole('CD');
    };
    expect((await attempt()).kind).toBe('retry');
    expect(await attempt()).toEqual(completed);
    expect(model.calls.map(({ call }) => call.resume)).toEqual([
      undefined,
      undefined,
      { responseId: 'resp_1', after: 7 },
    ]);
    expect(await text()).toBe('ABCD');
    expect((await dataOf(t, id, 'attempt.started')).at(-1)).toEqual({ attempt: 2, resumed: true });
    expect(await t.job(id)).toMatchObject({ output: 'ABCD', provider_calls: 2, ambiguous_calls: 0 });
  });

  it('is whole where the answer comes in one piece, or its stream cannot be resumed', async () => {
    const { id, attempt, text } = await jobOf(
      t,
      async (ctx) => `${await ctx.generate({ prompt: 'ab' })}${await ctx.generate({ prompt: 'cd' })}`,
      { lane: { background: true } },
    );
    model.says.ab = async function* () {
      yield whole('AB');
    };
    model.says.cd = async function* ({ resume }) {
      if (!resume) yield { kind: 'response', id: 'resp_1' };
      if (!resume) yield { kind: 'text', text: 'C', cursor: 7 };
      if (!resume) throw new AttemptError('provider_stream_cut', 'Cut.', { retryable: true });
      yield whole('CD');
    };
    expect((await attempt()).kind).toBe('retry');
    expect(await attempt()).toEqual(completed);
    expect(await text()).toBe('ABCD');
    expect((await t.job(id)).output).toBe('ABCD');
  });

  it('that broke off ends the attempt, even where the task catches the error', async () => {
    const { attempt, text } = await jobOf(t, async (ctx) =>
      ctx.generate({ prompt: 'first' }).catch(() => ctx.generate({ prompt: 'other' })),
    );
    model.says.first = () => cutAfter('FI');
    expect(await attempt()).toMatchObject({ kind: 'retry', error: { code: 'provider_stream_cut' } });
    expect(model.prompts()).toEqual(['first']);
    model.says = {};
    expect(await attempt()).toEqual(completed);
    expect(await text()).toBe('FIRST');
  });

  it('is told again of steps that are kept when a failed job is run again', async () => {
    let fails = true;
    const { id, attempt, text } = await jobOf(t, async (ctx) => {
      const shown = await ctx.step('shown', () => ctx.generate({ prompt: 'shown', stream: true }));
      const rest = await ctx.generate({ prompt: 'rest' });
      if (fails) throw new TaskError('No more.');
      return `${shown}${rest}`;
    });
    expect(await attempt()).toMatchObject({ kind: 'failed' });
    expect(await t.job(id)).toMatchObject({ output_text: 'SHOWNREST', usage: { input_tokens: 6 } });
    fails = false;
    expect(await t.journal.retry(await t.job(id), { limits: {}, estimateUsd: null })).toMatchObject({ kind: 'queued' });
    expect(await attempt()).toEqual(completed);
    expect(model.prompts()).toEqual(['shown', 'rest', 'rest']);
    expect(await text()).toBe('SHOWNREST');
  });
});
