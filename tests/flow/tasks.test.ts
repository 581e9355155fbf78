/**
 * Tasks with real processes: what they have completed isn't paid again, whatever becomes of their workers. The simulator
 * counts what was really called; each job has a case of its own.
 */
import { Holdfast, newIdempotencyKey } from '@holdfast/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { journalFaults } from '../stack/journal-faults.ts';
import { adminKey, freePort, Stack, until } from '../stack/stack.ts';
import {
  begin,
  follow,
  killWorker,
  longText,
  PARTS,
  paidSteps,
  untilEvents,
  withTasks,
} from './scenarios/paid-steps.ts';

/** `summarize` on a lane whose calls can be taken up, the others on one whose can't. */
const models = { summarize: { model: 'sim-background' }, extract: { model: 'sim' }, chat: { model: 'sim' } };

let stack: Stack;
let onPlain: Stack;
beforeAll(async () => {
  stack = await Stack.start({ config: withTasks(models) });
  onPlain = await Stack.start({ config: withTasks({ ...models, summarize: { model: 'sim' } }) });
});
afterAll(() => Promise.all([stack?.close(), onPlain?.close()]));

const allSteps = Array.from({ length: PARTS }, (_, part) => `part-${part + 1}`);

const isUnbroken = (texts: string[]) => texts.every((text, at) => text.startsWith(texts[at - 1] ?? ''));

describe('summarize', () => {
  it('pays for no step twice when its worker is killed between steps, nor for those under way', async () => {
    const { counts, log, job: ended, texts, steps } = await paidSteps.play({ stack });
    expect(ended).toMatchObject({ status: 'completed', attempt: 2, provider_calls: PARTS + 1, ambiguous_calls: 0 });
    expect(counts).toEqual({ ...paidSteps.most, completed: PARTS + 1 });
    expect(steps).toEqual(allSteps);
    expect(ended.usage?.output_tokens).toBe((PARTS + 1) * 60);
    expect(texts.at(-1)).toBe(ended.output_text);
    expect(journalFaults(log)).toEqual([]);
  });

  it('counts the calls under way, and repeats only these, where none can be taken up', async () => {
    const { job } = await begin(onPlain, 'summarize', { text: longText }, 'plain steps', 'tokens=60&itl_ms=25');
    const followed = follow(onPlain, job.id);
    await untilEvents(onPlain, job.id, 'step.completed', 2);
    // All that are counted have arrived.
    await until('all parts are asked for', async () => (await onPlain.providerCalls('plain steps')).calls === PARTS);
    await killWorker(onPlain);
    const { log, job: ended, steps } = await followed;
    expect(ended).toMatchObject({ status: 'completed', attempt: 2 });
    expect(ended.ambiguous_calls).toBeGreaterThan(0);
    expect(ended.ambiguous_calls).toBeLessThanOrEqual(4);
    expect(ended.provider_calls).toBe(PARTS + 1 + ended.ambiguous_calls);
    expect(await onPlain.providerCalls('plain steps')).toMatchObject({ calls: ended.provider_calls });
    expect(steps).toEqual(allSteps);
    expect(journalFaults(log)).toEqual([]);
  });

  it('shows readers one unbroken text when its worker is killed in the middle of the summary', async () => {
    const { job } = await begin(stack, 'summarize', { text: longText }, 'summary', 'tokens=60&itl_ms=25');
    const followed = follow(stack, job.id);
    await untilEvents(stack, job.id, 'text.delta', 8);
    await killWorker(stack);
    const { log, job: ended, texts, events } = await followed;
    expect(ended).toMatchObject({ status: 'completed', attempt: 2, provider_calls: PARTS + 1 });
    expect(events.filter(({ type }) => type === 'attempt.started').at(-1)?.data).toEqual({ attempt: 2, resumed: true });
    expect(isUnbroken(texts)).toBe(true);
    expect(texts.at(-1)).toBe(ended.output_text);
    expect(await stack.providerCalls('summary')).toMatchObject({ calls: PARTS + 1 });
    expect(journalFaults(log)).toEqual([]);
  });

  it('hands its calls over when its worker is told to stop', async () => {
    const { job } = await begin(stack, 'summarize', { text: longText }, 'deployed', 'tokens=60&itl_ms=25');
    const followed = follow(stack, job.id);
    await untilEvents(stack, job.id, 'step.completed', 1);
    const [worker] = stack.running('worker');
    await worker?.end('SIGTERM');
    await stack.start('worker');
    const { job: ended, log } = await followed;
    expect(ended).toMatchObject({ status: 'completed', attempt: 2, provider_calls: PARTS + 1, ambiguous_calls: 0 });
    expect(await stack.providerCalls('deployed')).toMatchObject({ calls: PARTS + 1 });
    expect(journalFaults(log)).toEqual([]);
  });

  it('ends all of its calls at the provider when it is cancelled', async () => {
    const { job } = await begin(stack, 'summarize', { text: longText }, 'cancelled', 'tokens=2000&itl_ms=25');
    await untilEvents(stack, job.id, 'call.accepted', 4);
    expect(await stack.client.cancel(job.id)).toMatchObject({ status: 'cancelled', provider_calls: 4 });
    await until('all four are ended there', async () => (await stack.providerCalls('cancelled')).aborted === 4);
    expect(await stack.providerCalls('cancelled')).toMatchObject({ calls: 4, completed: 0 });
  });

  it('summarizes a short text at once, streamed', async () => {
    const { job } = await begin(stack, 'summarize', { text: 'Short.' }, 'short', 'tokens=20');
    const { job: ended, texts, steps } = await follow(stack, job.id);
    expect(ended).toMatchObject({ status: 'completed', provider_calls: 1 });
    expect(steps).toEqual([]);
    expect(texts.at(-1)).toBe(ended.output_text);
  });
});

describe('chat', () => {
  const history = [
    { role: 'user', content: 'Hello.' },
    { role: 'assistant', content: 'Hello! What can I do?' },
  ];

  it('gives readers the right text when its worker is killed in the middle of an answer', async () => {
    const sim = 'tokens=60&itl_ms=5&pause_after=30';
    const { job } = await begin(stack, 'chat', { history, message: 'Go on.' }, 'turn', sim);
    const followed = follow(stack, job.id);
    await untilEvents(stack, job.id, 'text.delta', 8);
    await killWorker(stack);
    await stack.goOn('turn');
    const { log, job: ended, texts } = await followed;
    expect(ended).toMatchObject({ status: 'completed', attempt: 2, provider_calls: 2, ambiguous_calls: 1 });
    expect(isUnbroken(texts)).toBe(false);
    expect(texts.at(-1)).toBe(ended.output_text);
    expect(journalFaults(log)).toEqual([]);
  });

  it('fails instead, where a call must not be paid twice', async () => {
    const change = { on_ambiguous: 'fail' };
    const { job } = await begin(
      stack,
      'chat',
      { message: 'Once.' },
      'once',
      'tokens=60&itl_ms=5&pause_after=30',
      change,
    );
    await untilEvents(stack, job.id, 'text.delta', 4);
    await killWorker(stack);
    const ended = await stack.client.wait(job.id);
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'ambiguous_call' }, ambiguous_calls: 1 });
    expect(await stack.providerCalls('once')).toMatchObject({ calls: 1 });
  });

  it('is stopped by its deadline, and so is its call', async () => {
    // On a busy machine it is not called so soon: it is given more time then.
    for (let [deadline_ms, name] = [500, 'late']; (await stack.providerCalls(name)).calls === 0; deadline_ms *= 2) {
      name = `late ${deadline_ms}`;
      const change = { deadline_ms };
      const { job } = await begin(stack, 'chat', { message: 'Slow.' }, name, 'tokens=60&pause_after=5', change);
      expect(await stack.client.wait(job.id)).toMatchObject({ status: 'failed', error: { code: 'deadline_exceeded' } });
      const { calls } = await stack.providerCalls(name);
      await until('the call is ended', async () => (await stack.providerCalls(name)).aborted === calls);
    }
  });
});

describe('extract', () => {
  const input = {
    text: 'Invoice 7 of Acme, 12.50 EUR',
    fields: [{ name: 'company' }, { name: 'total', type: 'number' }],
  };

  it('gives an object with the fields, after an answer off its schema that the model mends', async () => {
    const { job } = await begin(stack, 'extract', input, 'mended', 'off_schema=1');
    const ended = await stack.client.wait(job.id);
    expect(ended).toMatchObject({ status: 'completed', provider_calls: 2 });
    expect(ended.output).toEqual({ company: expect.any(String), total: expect.any(Number) });
  });

  it('fails as output_invalid when the model can not mend it', async () => {
    const { job } = await begin(stack, 'extract', input, 'off schema', 'off_schema=9');
    const ended = await stack.client.wait(job.id);
    expect(ended).toMatchObject({ status: 'failed', provider_calls: 3, error: { code: 'output_invalid' } });
    expect(ended.error?.retryable).toBe(false);
  });
});

describe('a key that is limited to tasks', () => {
  it('sees and submits only these', async () => {
    const port = String(await freePort());
    await stack.start('console', { CONSOLE_PORT: port });
    const admin = (path: string, method: string, body: object) =>
      fetch(`http://127.0.0.1:${port}/admin/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    await admin('/tenants/limited', 'PUT', {});
    const made = await admin('/tenants/limited/keys', 'POST', { scopes: ['submit', 'read'], tasks: ['summarize'] });
    const { key } = (await made.json()) as { key: string };
    const client = new Holdfast({ baseUrl: stack.apiUrl, apiKey: key });
    expect((await client.tasks()).map(({ name }) => name)).toEqual(['summarize']);
    expect((await stack.client.tasks()).map(({ name }) => name)).toContain('chat.completions');
    const input = { model: 'sim', messages: [{ role: 'user', content: 'Hello' }] };
    const idempotencyKey = newIdempotencyKey();
    await expect(client.submit({ task: 'chat.completions', input }, { idempotencyKey })).rejects.toMatchObject({
      status: 403,
      code: 'forbidden',
    });
    const { job } = await client.submit({ task: 'summarize', input: { text: 'Short.' } }, { idempotencyKey });
    expect(await client.wait(job.id)).toMatchObject({ status: 'completed', task: 'summarize' });
  });
});
