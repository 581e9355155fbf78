/** Answers that are to fit a schema, or that come without a text: what is asked again, and what is paid. */
import { AttemptError, type ProviderCall, type ProviderEvent } from '@holdfast/core';
import type { TaskContext } from '@holdfast/tasks';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { jobOf, limited, model, whole } from '../testing/tasks.ts';
import { completed, openTestWorker, type TestWorker } from '../testing/worker.ts';
import { KnownFormats } from './tasks/known-formats.ts';

let t: TestWorker;
beforeAll(async () => {
  t = await openTestWorker();
});
afterEach(() => model.reset());
afterAll(() => t.close());

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
    const { id, attempt } = await jobOf(t, ask('sum'));
    const next = answers('nonsense', '{"total":"12"}', '{"total":12}');
    model.says = new Proxy({}, { get: () => next });
    expect(await attempt()).toEqual(completed);
    expect((await t.job(id)).output).toEqual({ total: 12 });
    expect(model.calls).toHaveLength(3);
    const { body } = model.calls[2]?.call ?? {};
    expect((body?.messages as unknown[])?.at(-2)).toEqual({ role: 'assistant', content: '{"total":"12"}' });
    expect(model.prompts().at(-1)).toContain('total: Invalid input: expected number');
    expect(body?.response_format).toMatchObject({ json_schema: { schema: { required: ['total'] }, strict: true } });
    expect(await t.types(id)).not.toContain('text.delta');
  });

  const wellFormed = '{"total":12}';
  const asked = () => model.calls.map(({ call }) => (call.body.response_format as { type: string } | undefined)?.type);

  /** A provider that takes none of these formats. */
  const refusing = (...formats: string[]) => {
    const said = async function* ({ body }: ProviderCall): AsyncGenerator<ProviderEvent> {
      const format = (body.response_format as { type: string } | undefined)?.type;
      if (format && formats.includes(format)) {
        throw new AttemptError('provider_bad_request', 'main answered 400: This response_format type is unavailable', {
          status: 400,
        });
      }
      yield whole(wellFormed);
    };
    return new Proxy({}, { get: () => said });
  };

  it('in a format that the provider refuses is asked for in another, in the same attempt and by the next job at once', async () => {
    const deps = { knownFormats: new KnownFormats() };
    const { id, attempt } = await jobOf(t, ask('sum'));
    model.says = refusing('json_schema');
    expect(await attempt({ deps })).toEqual(completed);
    expect(await t.job(id)).toMatchObject({ output: { total: 12 }, attempt: 1, ambiguous_calls: 0 });
    expect(asked()).toEqual(['json_schema', 'json_object']);
    expect(model.calls[1]?.call.body).toMatchObject({
      messages: [{ role: 'system', content: expect.stringContaining('"required":["total"]') }, { role: 'user' }],
    });
    expect(await (await jobOf(t, ask('sum'))).attempt({ deps })).toEqual(completed);
    expect(asked()).toEqual(['json_schema', 'json_object', 'json_object']);
  });

  it('is asked for in plain words where the provider takes no format', async () => {
    const { attempt } = await jobOf(t, ask('sum'));
    model.says = refusing('json_schema', 'json_object');
    expect(await attempt({ deps: { knownFormats: new KnownFormats() } })).toEqual(completed);
    expect(asked()).toEqual(['json_schema', 'json_object', undefined]);
  });

  it('that is refused for another reason is not asked for again', async () => {
    const { attempt } = await jobOf(t, ask('sum'));
    // biome-ignore lint/correctness/useYield: it only fails
    model.says.sum = async function* () {
      throw new AttemptError('provider_bad_request', 'main answered 400: the prompt is too long', { status: 400 });
    };
    expect(await attempt({ deps: { knownFormats: new KnownFormats() } })).toMatchObject({ kind: 'failed' });
    expect(model.calls).toHaveLength(1);
  });

  it('is known again in whatever format its worker would ask', async () => {
    let fails = true;
    const { id, attempt } = await jobOf(t, async (ctx) => {
      const said = await ctx.generate({ prompt: 'sum', schema });
      if (fails) throw limited();
      return said;
    });
    model.says.sum = answers(wellFormed);
    expect((await attempt({ deps: { knownFormats: new KnownFormats() } })).kind).toBe('retry');
    fails = false;
    const knownFormats = new KnownFormats();
    knownFormats.ofLane('default').remember('sim', 'text');
    expect(await attempt({ deps: { knownFormats } })).toEqual(completed);
    expect(await t.job(id)).toMatchObject({ output: { total: 12 }, provider_calls: 1 });
  });

  it.each(['```json\n{"total":12}\n```', '<think>12?</think>\n{"total":12}', ' \n{"total":12}\n'])(
    'that says %j is read without another call',
    async (text) => {
      const { id, attempt } = await jobOf(t, ask('sum'));
      model.says.sum = answers(text);
      expect(await attempt()).toEqual(completed);
      expect(await t.job(id)).toMatchObject({ output: { total: 12 }, provider_calls: 1 });
    },
  );

  it.each([
    ['thoughts alone', withoutText()],
    ['white space', whole(' \n')],
  ])('that is empty is asked for again, once: %s', async (_, empty) => {
    const { id, attempt } = await jobOf(t, ask('sum'));
    model.says.sum = inTurn(empty, whole(wellFormed));
    expect(await attempt()).toEqual(completed);
    expect(await t.job(id)).toMatchObject({ output: { total: 12 }, provider_calls: 2, usage: { input_tokens: 6 } });
    expect(model.calls[1]?.call.body).toEqual(model.calls[0]?.call.body);
    const twice = await jobOf(t, ask('sum'));
    model.says.sum = inTurn(empty, empty, whole(wellFormed));
    expect(await twice.attempt()).toMatchObject({ kind: 'failed', error: { code: 'provider_bad_response' } });
    expect(await t.job(twice.id)).toMatchObject({ provider_calls: 2 });
  });

  it('that never fits fails the job after two repairs', async () => {
    const { attempt } = await jobOf(t, ask('sum'));
    model.says = new Proxy({}, { get: () => answers('{}') });
    expect(await attempt()).toMatchObject({ kind: 'failed', error: { code: 'output_invalid', retryable: false } });
    expect(model.calls).toHaveLength(3);
  });
});

/** An answer of a model that has only thought. */
function withoutText(finish_reason = 'stop', refusal: string | null = null): ProviderEvent {
  const message = { role: 'assistant', content: null, reasoning_content: 'Hm.', refusal };
  return {
    kind: 'result',
    output: { choices: [{ index: 0, message, finish_reason }] },
    usage: { input_tokens: 3, output_tokens: 2 },
  };
}

/** Answers of the calls of one prompt, one after the other. */
function inTurn(...events: ProviderEvent[]) {
  const left = [...events];
  return async function* (): AsyncGenerator<ProviderEvent> {
    yield left.shift() ?? whole('no more was planned');
  };
}

describe('an answer without a text', () => {
  const ask = async (ctx: TaskContext) => ctx.generate({ prompt: 'x' });

  it('is asked for again, once, and paid once however often its worker vanishes', async () => {
    let fails = true;
    const { id, attempt, text } = await jobOf(t, async (ctx) => {
      const said = await ask(ctx);
      if (fails) throw limited();
      return said;
    });
    model.says.x = inTurn(withoutText('stop', ''), whole('Hello'));
    expect((await attempt()).kind).toBe('retry');
    fails = false;
    expect(await attempt()).toEqual(completed);
    expect(await t.job(id)).toMatchObject({ output: 'Hello', provider_calls: 2 });
    expect(await text()).toBe('Hello');
  });

  it('twice fails the job', async () => {
    const { attempt } = await jobOf(t, ask);
    model.says.x = inTurn(withoutText(), withoutText());
    expect(await attempt()).toMatchObject({
      kind: 'failed',
      error: { code: 'provider_bad_response', message: expect.stringContaining('asked twice') },
    });
    expect(model.calls).toHaveLength(2);
  });

  it('for want of tokens is not asked for again: it would be the same', async () => {
    const { attempt } = await jobOf(t, ask);
    model.says.x = inTurn(withoutText('length'));
    const outcome = await attempt();
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'provider_bad_response' } });
    expect('error' in outcome && outcome.error.message).toContain('max_output_tokens');
    expect(model.calls).toHaveLength(1);
  });
});
