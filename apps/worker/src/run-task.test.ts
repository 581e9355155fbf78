import { AttemptError, type JsonValue, type Provider, type ProviderCall, type ProviderEvent } from '@holdfast/core';
import { readText } from '@holdfast/journal';
import { defineTask, type Task, type TaskContext, TaskError } from '@holdfast/tasks';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { LaneProvider, WorkerParts } from './run-attempt.ts';
import { aborted, openTestWorker, silent, type TestWorker, until } from './test-worker.ts';

/** What the model says to a prompt, piece by piece, or what becomes of the call. By default it says the prompt in capitals. */
type Says = (call: ProviderCall) => AsyncIterable<ProviderEvent>;

let t: TestWorker;
let says: Record<string, Says> = {};
let calls: { prompt: string; call: ProviderCall }[] = [];
const ended: string[] = [];
beforeAll(async () => {
  t = await openTestWorker();
});
afterEach(() => {
  [says, calls] = [{}, []];
  ended.length = 0;
});
afterAll(() => t.close());

const usage = { input_tokens: 3, output_tokens: 2 };
const whole = (text: string): ProviderEvent => ({ kind: 'result', output: text, usage });

async function* capitals(prompt: string): AsyncGenerator<ProviderEvent> {
  for (const text of prompt.toUpperCase().match(/.{1,2}/g) ?? []) yield { kind: 'text', text };
  yield whole(prompt.toUpperCase());
}

async function* cutAfter(text: string): AsyncGenerator<ProviderEvent> {
  yield { kind: 'text', text };
  throw new AttemptError('provider_stream_cut', 'Cut.', { retryable: true, ambiguous: true });
}

const limited = () => new AttemptError('provider_rate_limited', 'Later.', { retryable: true, status: 429 });

/** The last thing that a request says. */
function promptOf({ body }: ProviderCall): string {
  const said = (body.messages ?? body.input) as { content: string }[];
  return said.at(-1)?.content ?? '';
}

const provider: Provider = {
  name: 'scripted',
  call(call) {
    const prompt = promptOf(call);
    calls.push({ prompt, call });
    return says[prompt]?.(call) ?? capitals(prompt);
  },
  cancelResponse: async (id) => void ended.push(id),
};

const prompts = () => calls.map(({ prompt }) => prompt);

/** Accepts a job of a task that runs `run`; `attempt` runs it, as the next worker would. */
async function jobOf(
  run: (ctx: TaskContext) => Promise<JsonValue>,
  {
    lane = {},
    ...change
  }: Partial<Pick<Task, 'output'>> & { lane?: Partial<LaneProvider>; on_ambiguous?: 'fail' } = {},
) {
  const { output, ...request } = change;
  const task = defineTask({
    ...{ name: 't', summary: 'Under test.', model: 'sim', input: z.strictObject({}) },
    ...(output ? { output } : {}),
    run: (_, ctx) => run(ctx),
  });
  const parts: Partial<WorkerParts> = {
    tasks: new Map([['t', task]]),
    providers: new Map([['default', { provider, background: false, idempotent: false, ...lane }]]),
  };
  const id = await t.accept('', { task: 't', input: {}, ...request });
  const attempt = ({ parts: more = {}, ...options }: Parameters<TestWorker['run']>[1] = {}) =>
    t.run(id, { ...options, parts: { ...parts, ...more } });
  return { id, attempt, text: () => readText(t.journal, id) };
}

const dataOf = async (id: string, type: string) =>
  (await t.events(id)).filter((e) => e.type === type).map((e) => e.data);

describe('a step', () => {
  it('that is complete is not run again, nor its calls made, when its worker vanishes', async () => {
    let runs = 0;
    const { id, attempt } = await jobOf(async (ctx) => {
      const first = await ctx.step('first', async () => {
        runs += 1;
        return { said: await ctx.generate({ prompt: 'one' }) };
      });
      return [first, await ctx.step('second', () => ctx.generate({ prompt: 'two' }))];
    });
    says.two = async function* ({ signal }) {
      yield { kind: 'text', text: 'T' };
      await aborted(signal);
    };
    const lock = new AbortController();
    const vanished = attempt({ lockLost: lock.signal });
    await until('the second step asks', () => prompts().includes('two'));
    says = {};
    expect(await attempt()).toEqual({ kind: 'completed' });
    lock.abort();
    expect(await vanished).toEqual({ kind: 'lost' });
    expect(runs).toBe(1);
    expect(prompts()).toEqual(['one', 'two', 'two']);
    const job = await t.job(id);
    expect(job.output).toEqual([{ said: 'ONE' }, 'TWO']);
    expect(job).toMatchObject({
      ...{ attempt: 2, provider_calls: 3, ambiguous_calls: 1 },
      usage: { input_tokens: 6, output_tokens: 4 },
    });
    expect(await dataOf(id, 'step.completed')).toEqual([{ step: 'first' }, { step: 'second' }]);
  });

  it('that is not kept is paid twice: the switch of the test above', async () => {
    let fails = true;
    const { id, attempt } = await jobOf(async (ctx) => {
      const said = await ctx.step('first', () => ctx.generate({ prompt: 'one' }));
      if (fails) throw limited();
      return said;
    });
    expect((await attempt()).kind).toBe('retry');
    fails = false;
    expect(await t.redis.hdel(t.journal.keysOf(id).record, 'step:first')).toBe(1);
    expect(await attempt()).toEqual({ kind: 'completed' });
    expect(prompts()).toEqual(['one', 'one']);
  });

  it('fails beside others, which are waited for and kept', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { id, attempt } = await jobOf(async (ctx) =>
      Promise.all(['aa', 'bb', 'cc'].map((prompt) => ctx.step(prompt, () => ctx.generate({ prompt })))),
    );
    says.aa = async function* () {
      await held;
      yield whole('AA');
    };
    // biome-ignore lint/correctness/useYield: it only fails
    says.bb = async function* () {
      throw limited();
    };
    const first = attempt();
    await until('it has failed', async () => (await t.types(id)).includes('call.failed'));
    release();
    expect(await first).toMatchObject({ kind: 'retry', error: { code: 'provider_rate_limited' } });
    [says, calls] = [{}, []];
    expect(await attempt()).toEqual({ kind: 'completed' });
    expect(prompts()).toEqual(['bb']);
    expect((await t.job(id)).output).toEqual(['AA', 'BB', 'CC']);
  });

  it('that fails for good breaks the others off', async () => {
    const { id, attempt } = await jobOf(async (ctx) =>
      Promise.all(['aa', 'bb'].map((prompt) => ctx.step(prompt, () => ctx.generate({ prompt })))),
    );
    says.aa = async function* ({ signal }) {
      yield { kind: 'text', text: 'A' };
      await aborted(signal);
    };
    // biome-ignore lint/correctness/useYield: it only fails
    says.bb = async function* () {
      throw new AttemptError('provider_bad_request', 'No.', { status: 400 });
    };
    expect(await attempt()).toMatchObject({ kind: 'failed', error: { code: 'provider_bad_request' } });
    expect(calls[0]?.call.signal.aborted).toBe(true);
    expect((await t.types(id)).at(-1)).toBe('job.failed');
  });

  it.each<[string, (ctx: TaskContext) => Promise<JsonValue>, RegExp]>([
    ['with a name that came before', (ctx) => twice(ctx, 'same', 'same'), /"same" comes twice/],
    ['without a usable name', (ctx) => twice(ctx, 'a/b', 'c'), /"a\/b" is no name/],
    ['with more than 256 KB', (ctx) => ctx.step('big', () => 'x'.repeat(262_144)), /262146 bytes of JSON/],
    ['beside a visible call of another', (ctx) => sideBySide(ctx), /side by side/],
  ])('%s is an error of the task', async (_, run, message) => {
    const { attempt } = await jobOf(run);
    expect(await attempt()).toMatchObject({ kind: 'failed', error: { code: 'task_error', retryable: false } });
    const [{ call } = { call: null }] = calls;
    expect(call?.signal.aborted ?? true).toBe(true);
    const { attempt: again } = await jobOf(run);
    const outcome = await again();
    expect('error' in outcome && outcome.error.message).toMatch(message);
  });

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
    const { id, attempt, text } = await jobOf(async (ctx) => {
      const first = await ctx.generate({ prompt: 'first' });
      return first + (await ctx.generate({ prompt: 'second' }));
    });
    says.second = () => cutAfter('SEC');
    expect((await attempt()).kind).toBe('retry');
    expect(await text()).toBe('FIRSTSEC');
    says = {};
    expect(await attempt()).toEqual({ kind: 'completed' });
    expect(prompts()).toEqual(['first', 'second', 'second']);
    expect(await dataOf(id, 'attempt.started')).toEqual([
      { attempt: 1, resumed: false },
      { attempt: 2, resumed: false },
    ]);
    expect(await text()).toBe('FIRSTSECOND');
    expect(await t.job(id)).toMatchObject({ output: 'FIRSTSECOND', output_text: 'FIRSTSECOND', ambiguous_calls: 1 });
  });

  it('stays where all of it is complete', async () => {
    let fails = true;
    const { id, attempt, text } = await jobOf(async (ctx) => {
      const said = await ctx.generate({ prompt: 'seen' });
      if (fails) throw new TaskError('Not yet.', { retryable: true });
      return said;
    });
    expect(await attempt()).toMatchObject({ kind: 'retry', error: { code: 'task_error', message: 'Not yet.' } });
    fails = false;
    expect(await attempt()).toEqual({ kind: 'completed' });
    expect(prompts()).toEqual(['seen']);
    expect((await dataOf(id, 'attempt.started')).at(-1)).toEqual({ attempt: 2, resumed: true });
    expect(await text()).toBe('SEEN');
  });

  it('goes on where a call is taken up again, after the last piece that the journal has', async () => {
    const { id, attempt, text } = await jobOf(
      async (ctx) => `${await ctx.generate({ prompt: 'ab' })}${await ctx.generate({ prompt: 'cd' })}`,
      { lane: { background: true } },
    );
    says.cd = async function* ({ resume }) {
      if (!resume) yield { kind: 'response', id: 'resp_1' };
      if (!resume) yield { kind: 'text', text: 'C', cursor: 7 };
      if (!resume) throw new AttemptError('provider_stream_cut', 'Cut.', { retryable: true });
      yield { kind: 'text', text: 'D', cursor: 8 };
      yield whole('CD');
    };
    expect((await attempt()).kind).toBe('retry');
    expect(await attempt()).toEqual({ kind: 'completed' });
    expect(calls.map(({ call }) => call.resume)).toEqual([undefined, undefined, { responseId: 'resp_1', after: 7 }]);
    expect(await text()).toBe('ABCD');
    expect((await dataOf(id, 'attempt.started')).at(-1)).toEqual({ attempt: 2, resumed: true });
    expect(await t.job(id)).toMatchObject({ output: 'ABCD', provider_calls: 2, ambiguous_calls: 0 });
  });

  it('that broke off ends the attempt, even where the task catches the error', async () => {
    const { attempt, text } = await jobOf(async (ctx) =>
      ctx.generate({ prompt: 'first' }).catch(() => ctx.generate({ prompt: 'other' })),
    );
    says.first = () => cutAfter('FI');
    expect(await attempt()).toMatchObject({ kind: 'retry', error: { code: 'provider_stream_cut' } });
    expect(prompts()).toEqual(['first']);
    says = {};
    expect(await attempt()).toEqual({ kind: 'completed' });
    expect(await text()).toBe('FIRST');
  });

  it('is told again of steps that are kept when a failed job is run again', async () => {
    let fails = true;
    const { id, attempt, text } = await jobOf(async (ctx) => {
      const shown = await ctx.step('shown', () => ctx.generate({ prompt: 'shown', stream: true }));
      const rest = await ctx.generate({ prompt: 'rest' });
      if (fails) throw new TaskError('No more.');
      return `${shown}${rest}`;
    });
    expect(await attempt()).toMatchObject({ kind: 'failed' });
    expect(await t.job(id)).toMatchObject({ output_text: 'SHOWNREST', usage: { input_tokens: 6 } });
    fails = false;
    const { release } = await t.journal.rerun(await t.job(id));
    expect(await attempt({ release })).toEqual({ kind: 'completed' });
    expect(prompts()).toEqual(['shown', 'rest', 'rest']);
    expect(await text()).toBe('SHOWNREST');
  });
});

describe('a call of a task', () => {
  it('has a key of its own, and is repeated under it; other calls of the job count on', async () => {
    const { id, attempt } = await jobOf(
      async (ctx) => Promise.all(['aa', 'bb'].map((prompt) => ctx.step(prompt, () => ctx.generate({ prompt })))),
      { lane: { idempotent: true } },
    );
    says.aa = () => cutAfter('A');
    // biome-ignore lint/correctness/useYield: it only fails
    says.bb = async function* () {
      throw limited();
    };
    expect((await attempt()).kind).toBe('retry');
    says = {};
    expect(await attempt()).toEqual({ kind: 'completed' });
    const keys = calls.map(({ call }) => call.idempotencyKey ?? '');
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
    const { id, attempt } = await jobOf(async (ctx) => {
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
    expect(await attempt()).toEqual({ kind: 'completed' });
    expect((await t.job(id)).output).toEqual(['AA', 'BB']);
    expect(prompts()).toHaveLength(3);
  });

  it('that may have been paid and is lost fails the job, where it says so', async () => {
    const { id, attempt } = await jobOf(async (ctx) => ctx.step('s', () => ctx.generate({ prompt: 'lost' })), {
      on_ambiguous: 'fail',
    });
    says.lost = ({ signal }) => waitFor(signal);
    const lock = new AbortController();
    const vanished = attempt({ lockLost: lock.signal });
    await until('it asks', () => calls.length === 1);
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
    const unlisten = await t.parts.running.listen(t.journal, t.feed);
    const { id, attempt } = await jobOf(
      async (ctx) => Promise.all(['aa', 'bb'].map((prompt) => ctx.step(prompt, () => ctx.generate({ prompt })))),
      { lane: { background: true } },
    );
    for (const prompt of ['aa', 'bb']) {
      says[prompt] = async function* ({ signal }) {
        yield { kind: 'response', id: `resp_${prompt}` };
        await aborted(signal);
      };
    }
    const outcome = attempt();
    await until('both run', async () => (await dataOf(id, 'call.accepted')).length === 2);
    await t.journal.cancel(id);
    expect(await outcome).toEqual({ kind: 'cancelled' });
    unlisten();
    expect([...ended].sort()).toEqual(['resp_aa', 'resp_bb']);
    expect((await t.types(id)).at(-1)).toBe('job.cancelled');
  });

  it('that waits for a retry is known to a cancel, whose worker ends it', async () => {
    const { id, attempt } = await jobOf(async (ctx) => ctx.step('s', () => ctx.generate({ prompt: 'aa' })), {
      lane: { background: true },
    });
    says.aa = async function* () {
      yield { kind: 'response', id: 'resp_w' };
      throw new AttemptError('provider_stream_cut', 'Cut.', { retryable: true });
    };
    expect((await attempt()).kind).toBe('retry');
    expect(await t.journal.cancel(id)).toMatchObject({ kind: 'cancelled', leftOver: true });
    expect(await attempt()).toEqual({ kind: 'ended' });
    expect(ended).toEqual(['resp_w']);
  });
});

describe('a structured answer', () => {
  const schema = z.object({ total: z.number() });
  const answers = (...texts: string[]) => {
    let at = 0;
    return async function* (): AsyncGenerator<ProviderEvent> {
      at += 1;
      yield whole(texts[at - 1] ?? '');
    };
  };
  const ask = (prompt: string) => async (ctx: TaskContext) => ctx.generate({ prompt, schema });

  it('that does not fit is sent back with what is wrong', async () => {
    const { id, attempt } = await jobOf(ask('sum'));
    const next = answers('nonsense', '{"total":"12"}', '{"total":12}');
    says = new Proxy({}, { get: () => next });
    expect(await attempt()).toEqual({ kind: 'completed' });
    expect((await t.job(id)).output).toEqual({ total: 12 });
    expect(calls).toHaveLength(3);
    const { body } = calls[2]?.call ?? {};
    expect((body?.messages as unknown[])?.at(-2)).toEqual({ role: 'assistant', content: '{"total":"12"}' });
    expect(prompts().at(-1)).toContain('total: Invalid input: expected number');
    expect(body?.response_format).toMatchObject({ json_schema: { schema: { required: ['total'] }, strict: true } });
    expect(await t.types(id)).not.toContain('text.delta');
  });

  it('that never fits fails the job after two repairs', async () => {
    const { attempt } = await jobOf(ask('sum'));
    says = new Proxy({}, { get: () => answers('{}') });
    expect(await attempt()).toMatchObject({ kind: 'failed', error: { code: 'output_invalid', retryable: false } });
    expect(calls).toHaveLength(3);
  });
});

describe('a task', () => {
  it('whose output does not fit its schema fails', async () => {
    const { attempt } = await jobOf(async () => 5, { output: z.string() });
    expect(await attempt()).toMatchObject({ kind: 'failed', error: { code: 'output_invalid' } });
  });

  it('that throws an error of its own fails without showing or logging what it said', async () => {
    const logged: unknown[] = [];
    const logger = { ...silent, error: (fields: { error: Error }) => void logged.push(fields, fields.error.stack) };
    const { id, attempt } = await jobOf(async () => {
      throw new RangeError('the secret prompt');
    });
    expect(await attempt({ parts: { logger } })).toMatchObject({ kind: 'failed', error: { code: 'task_error' } });
    const kept = JSON.stringify([await t.job(id), await t.events(id), logged]);
    expect(kept).not.toContain('secret');
    expect(logged[0]).toMatchObject({ jobId: id, task: 't', error: { name: 'RangeError' } });
  });

  it('that does not listen to the signal neither holds up its end nor writes after it', async () => {
    const unlisten = await t.parts.running.listen(t.journal, t.feed);
    let goOn = () => {};
    const late: Promise<unknown>[] = [];
    const { id, attempt } = await jobOf(async (ctx) => {
      await ctx.step('deaf', () => new Promise<null>((resolve) => (goOn = () => resolve(null)))).catch(() => undefined);
      late.push(ctx.generate({ prompt: 'late' }));
      return null;
    });
    const outcome = attempt();
    await until('it runs', async () => (await t.types(id)).includes('attempt.started'));
    await t.journal.cancel(id);
    expect(await outcome).toEqual({ kind: 'cancelled' });
    unlisten();
    goOn();
    await until('it has gone on', () => late.length === 1);
    await expect(late[0]).rejects.toThrow();
    expect(calls).toHaveLength(0);
    expect((await t.types(id)).at(-1)).toBe('job.cancelled');
  });

  it('asks for no model of another lane', async () => {
    const { attempt } = await jobOf(async (ctx) => ctx.generate({ prompt: 'x', model: 'elsewhere' }));
    const laneOf = (model: string) => (model === 'elsewhere' ? 'other' : 'default');
    expect(await attempt({ parts: { laneOf } })).toMatchObject({ kind: 'failed', error: { code: 'task_error' } });
  });
});
