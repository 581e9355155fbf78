import type { JsonValue } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { TaskContext } from '../context/task-context.ts';
import { defineTask } from '../define-task.ts';
import { summarize } from '../examples/summarize.ts';
import { TaskError } from '../task-error.ts';
import { checkCrashes, cutAfter, failWith, type ModelRequest, runTask } from './index.ts';

const verdict = z.object({ topic: z.enum(['billing', 'bug']), urgent: z.boolean() });

/** A step with a structured answer, one with an effect, then a text that readers see. */
let mails: string[] = [];
const triage = defineTask({
  name: 'triage',
  summary: 'Sorts a message and drafts an answer.',
  model: 'gpt-5-mini',
  input: z.strictObject({ message: z.string().min(1), tone: z.string().default('friendly') }),
  output: z.object({ ...verdict.shape, draft: z.string() }),
  run: async ({ message, tone }, ctx) => {
    const sorted = await ctx.step('sort', () => ctx.generate({ prompt: message, schema: verdict }));
    await ctx.step('mail', () => void mails.push(sorted.topic));
    ctx.logger.info({ urgent: sorted.urgent }, 'sorted');
    return { ...sorted, draft: await ctx.generate({ instructions: `Be ${tone}.`, prompt: message }) };
  },
});
const input = { message: 'I was charged twice!' };
const model = [{ topic: 'billing', urgent: true }, 'We are sorry.'];

/** A task of nothing but this. */
const taskOf = (run: (input: object, ctx: TaskContext) => Promise<JsonValue>) =>
  defineTask({ name: 't', summary: 's', model: 'm', input: z.object({}), run });

describe('runTask', () => {
  it('runs a task with a scripted model, and shows what clients and readers see of it', async () => {
    const run = await runTask(triage, { input, model, metadata: { user: 'u1' } });
    expect(run).toMatchObject({ status: 'completed', attempts: 1, error: null, thrown: null, replayed: [] });
    expect(run.output).toEqual({ topic: 'billing', urgent: true, draft: 'We are sorry.' });
    // What the types say.
    expect(run.output?.topic).toBe('billing');
    expect([run.text, run.steps]).toEqual(['We are sorry.', ['sort', 'mail']]);
    expect(run.logs).toEqual([{ level: 'info', message: 'sorted', fields: { urgent: true } }]);
    expect(run.events.map(({ type }) => type)).toEqual([
      ...['job.accepted', 'attempt.started', 'call.started', 'call.completed', 'step.completed', 'step.completed'],
      ...['call.started', 'text.delta', 'text.delta', 'text.delta', 'call.completed', 'job.completed'],
    ]);
    expect(run.calls).toMatchObject([
      { prompt: input.message, instructions: null, step: 'sort', stream: false, outcome: 'answered' },
      {
        prompt: input.message,
        instructions: 'Be friendly.',
        step: '',
        stream: true,
        outcome: 'answered',
        schema: null,
      },
    ]);
    expect(run.calls[0]?.schema).toMatchObject({ type: 'object', required: ['topic', 'urgent'] });
  });

  it('asks a function instead of a list, which sees what is asked', async () => {
    const asked: ModelRequest[] = [];
    const answers = async (request: ModelRequest) => {
      asked.push(request);
      return request.schema ? { topic: 'bug', urgent: false } : `${request.model}: ${request.step || 'no step'}`;
    };
    expect((await runTask(triage, { input, model: answers })).output?.draft).toBe('gpt-5-mini: no step');
    expect(asked.map(({ messages }) => messages)).toEqual([
      [{ role: 'user', content: input.message }],
      [expect.anything()],
    ]);
  });

  it('goes on after a crash with what is kept: it is not asked again, nor run again', async () => {
    mails = [];
    const run = await runTask(triage, { input, model, crashAt: 2 });
    expect(run).toMatchObject({ status: 'completed', attempts: 2, text: 'We are sorry.', replayed: ['sort', 'mail'] });
    expect(mails).toEqual(['billing']);
    expect(run.calls.map(({ prompt, attempt, outcome }) => [prompt, attempt, outcome])).toEqual([
      [input.message, 1, 'answered'],
      [input.message, 1, 'lost'],
      [input.message, 2, 'answered'],
    ]);
  });

  it('runs a step again that was not kept, without the calls in it', async () => {
    mails = [];
    const run = await runTask(triage, { input, model, crashAt: ['sort', 'mail'] });
    expect(run).toMatchObject({ status: 'completed', attempts: 3 });
    expect(mails).toEqual(['billing', 'billing']);
    expect(run.calls.map(({ outcome }) => outcome)).toEqual(['answered', 'answered']);
  });

  it('shows readers the text anew where a crash cut it', async () => {
    const run = await runTask(triage, { input, model, crashAt: 'call 2 streaming' });
    const seen = run.events.flatMap(({ type, data }) => (type === 'text.delta' ? [data.text] : []));
    expect(seen.join('')).toBe('WeWe are sorry.');
    expect(run.events.filter(({ type }) => type === 'attempt.started').map(({ data }) => data)).toEqual([
      { attempt: 1, resumed: false },
      { attempt: 2, resumed: false },
    ]);
    expect(run.text).toBe('We are sorry.');
  });

  it('retries what a worker retries, and fails with what it fails with', async () => {
    const retried = await runTask(triage, { input, model: [failWith('provider_rate_limited'), ...model] });
    expect(retried).toMatchObject({ status: 'completed', attempts: 2 });
    const cut = await runTask(triage, { input, model: [model[0] ?? null, cutAfter('We are'), 'We are sorry.'] });
    expect(cut).toMatchObject({ status: 'completed', attempts: 2, text: 'We are sorry.' });
    const refused = await runTask(triage, { input, model: [failWith('content_refused')] });
    expect(refused).toMatchObject({ status: 'failed', output: null, error: { code: 'content_refused' }, attempts: 1 });
    const down = await runTask(triage, { input, model: () => failWith('provider_unavailable') });
    expect(down).toMatchObject({ status: 'failed', error: { code: 'provider_unavailable' }, attempts: 6 });
    expect(down.calls).toHaveLength(6);
    const lastly = await runTask(triage, { input, model: [failWith('provider_rate_limited', { retryable: false })] });
    expect(lastly).toMatchObject({ status: 'failed', attempts: 1 });
  });

  it('shows what the task threw, with what clients may see of it', async () => {
    const fault = new RangeError('a fault');
    const broken = taskOf(async () => {
      throw fault;
    });
    expect(await runTask(broken, { input: {} })).toMatchObject({
      status: 'failed',
      thrown: fault,
      error: { code: 'task_error', message: 'The task "t" threw RangeError: a fault', retryable: false },
    });
    const meant = new TaskError('Too late.', { retryable: true });
    const late = taskOf(async () => {
      throw meant;
    });
    const run = await runTask(late, { input: {} });
    expect(run).toMatchObject({ attempts: 6, thrown: meant, error: { message: 'Too late.' } });
  });

  it('mends answers that do not fit, as in a worker', async () => {
    const run = await runTask(triage, { input, model: ['no JSON', null, ...model] });
    expect(run).toMatchObject({ status: 'completed', output: { topic: 'billing' } });
    expect(run.calls.map(({ messages }) => messages.length)).toEqual([1, 3, 3, 1]);
  });

  it.each<[string, Promise<unknown>, RegExp]>([
    [
      'an input that the API would refuse',
      runTask(triage, { input: { message: '' } }),
      /^The input does not fit "triage": message: /,
    ],
    [
      'fewer answers than the task asks for',
      runTask(triage, { input, model: [] }),
      /has 0 answers, .* in the step "sort": I was/,
    ],
    [
      'a crash that never comes',
      runTask(triage, { input, model, crashAt: 'sorted' }),
      /never came to "step sorted done"\. It passed: attempt s/,
    ],
    [
      'a crash that comes once less often',
      runTask(triage, { input, model, crashAt: [2, 2] }),
      /never came to "call 2 sent"/,
    ],
  ])('is not misled by a test with %s', async (_, run, message) => {
    await expect(run).rejects.toThrow(message);
  });

  it('lets nothing of a crashed run go on', async () => {
    const done: string[] = [];
    const task = taskOf(async (_, ctx) => {
      const side = async (name: string) => {
        await ctx.step(name, () => void done.push(name));
        await ctx.step(`${name}-then`, () => void done.push(`${name}-then`));
        return null;
      };
      await Promise.all([side('a'), side('b')]);
      return null;
    });
    await runTask(task, { input: {}, crashAt: 'a' });
    expect(done.filter((name) => name === 'a')).toEqual(['a', 'a']);
    expect(done.filter((name) => name.endsWith('-then'))).toEqual(['a-then', 'b-then']);
  });
});

describe('checkCrashes', () => {
  it('kills a task at every moment; an example comes to the same at each', async () => {
    const text = 'A sentence of a part. '.repeat(1_200);
    const answers = ({ step, prompt }: ModelRequest) =>
      step === '' ? `All of ${prompt.length}.` : `Notes on ${step}.`;
    const checked = await checkCrashes(summarize, { input: { text }, model: answers });
    expect(checked.map(({ moment }) => moment)).toEqual(
      expect.arrayContaining([
        'attempt started',
        'call 1 sent',
        'step part-2 done',
        'call 4 streaming',
        'task returned',
      ]),
    );
    for (const { run } of checked) expect(run.attempts).toBe(2);
  });

  it('names the moment at which a task pays twice, or does not come to the same', async () => {
    let times = 0;
    const chancy = taskOf(async (_, ctx) => {
      times += 1;
      const said = await ctx.generate({ prompt: `This is run ${times}.` });
      return `${said} ${times}`;
    });
    const check = checkCrashes(chancy, { input: {}, model: ({ prompt }) => prompt });
    await expect(check).rejects.toThrow(
      /^Killed at "attempt started", the task does not come to the same: output is "This/,
    );
  });
});
