/** Nothing is paid twice that can be resumed, or repeated under its key; what can't be known is counted. */
import type { Job } from '@holdfast/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chat, Stack, until } from '../stack/stack.ts';

const lanes = (providerUrl: string) => {
  const providers = [{ name: 'main', base_url: providerUrl }];
  return {
    background: { models: ['sim-background'], providers, background: true },
    both: { models: ['sim-both'], providers, background: true, idempotency_header: true },
    idempotent: { models: ['sim-idempotent'], providers, idempotency_header: true },
    plain: { models: ['*'], providers },
  };
};

let stack: Stack;
beforeAll(async () => {
  // Long, so that what is handed over at once is seen to be.
  const env = { DRAIN_SECONDS: '120' };
  stack = await Stack.start({ env, config: (providerUrl) => ({ lanes: lanes(providerUrl) }) });
});
afterAll(() => stack?.close());

const response = (name: string, sim: string, model = 'sim-background') => ({
  task: 'responses',
  input: { model, input: 'Say something.', metadata: { case: name, sim } },
});

const onLane = (model: string, name: string, sim: string) => {
  const { task, input } = chat(name, sim);
  return { task, input: { ...input, model } };
};

/** Follows a job to its end: every text that a reader would have shown, and the events' types. */
async function follow(id: string) {
  const texts: string[] = [];
  const events: { type: string; data: unknown }[] = [];
  for await (const { text, event } of stack.client.stream(id)) {
    texts.push(text);
    events.push({ type: event.type, data: event.data });
  }
  return { texts, events, job: await stack.client.get(id) };
}

/** Whether a reader has seen one text that only grew. */
const isUnbroken = (texts: string[]) => texts.every((text, at) => text.startsWith(texts[at - 1] ?? ''));

async function untilStreaming(ids: string[]): Promise<void> {
  await Promise.all(ids.map((id) => until('text streams', async () => (await stack.client.get(id)).cursor > 12)));
}

describe('a worker that is killed', () => {
  it('costs no second call where the call can be resumed or repeated, and a counted one elsewhere', async () => {
    const sim = 'tokens=120&itl_ms=5&pause_after=60&seed=3';
    const submitted = {
      background: await stack.client.submit(response('killed background', sim)),
      idempotent: await stack.client.submit(onLane('sim-idempotent', 'killed idempotent', `${sim}&idempotent=1`)),
      plain: await stack.client.submit(onLane('sim', 'killed plain', sim)),
      refused: await stack.client.submit({ ...onLane('sim', 'killed refused', sim), on_ambiguous: 'fail' }),
    };
    const ids = Object.values(submitted).map(({ job }) => job.id);
    const followed = Promise.all(ids.map(follow));
    await untilStreaming(ids);
    const [worker] = stack.running('worker');
    await worker?.end('SIGKILL');
    for (const name of Object.keys(submitted)) await stack.goOn(`killed ${name}`);
    await stack.start('worker');
    const [background, idempotent, plain, refused] = await followed;
    if (!background || !idempotent || !plain || !refused) throw new Error('four were followed');

    expect(background.job).toMatchObject({ status: 'completed', attempt: 2, provider_calls: 1, ambiguous_calls: 0 });
    expect(background.events).toContainEqual({ type: 'attempt.started', data: { attempt: 2, resumed: true } });
    expect(isUnbroken(background.texts)).toBe(true);
    expect(background.texts.at(-1)).toBe(background.job.output_text);
    expect(await stack.providerCalls('killed background')).toMatchObject({ calls: 1, completed: 1, tokens: 120 });

    expect(idempotent.job).toMatchObject({ status: 'completed', attempt: 2, provider_calls: 2, ambiguous_calls: 0 });
    expect(idempotent.texts.at(-1)).toBe(idempotent.job.output_text);
    expect(await stack.providerCalls('killed idempotent')).toMatchObject({ calls: 1, completed: 1 });

    expect(plain.job).toMatchObject({ status: 'completed', attempt: 2, provider_calls: 2, ambiguous_calls: 1 });
    expect(isUnbroken(plain.texts)).toBe(false);
    expect(await stack.providerCalls('killed plain')).toMatchObject({ calls: 2 });

    expect(refused.job).toMatchObject({ status: 'failed', provider_calls: 1, ambiguous_calls: 1 });
    expect(refused.job.error?.code).toBe('ambiguous_call');
    expect(await stack.providerCalls('killed refused')).toMatchObject({ calls: 1 });
  });
});

describe('a worker that is killed before the provider has named the response', () => {
  it('costs no second call where the call was made under a key, and a counted one elsewhere', async () => {
    const late = 'tokens=10&head_ms=4000&idempotent=1';
    const keyed = await stack.client.submit(response('unnamed keyed', late, 'sim-both'));
    const unkeyed = await stack.client.submit(response('unnamed', late));
    for (const name of ['unnamed keyed', 'unnamed']) {
      await until('it is called', async () => (await stack.providerCalls(name)).calls === 1);
    }
    await stack.running('worker')[0]?.end('SIGKILL');
    await stack.start('worker');
    expect(await stack.client.wait(keyed.job.id)).toMatchObject({
      status: 'completed',
      attempt: 2,
      ambiguous_calls: 0,
    });
    expect(await stack.client.wait(unkeyed.job.id)).toMatchObject({
      status: 'completed',
      attempt: 2,
      ambiguous_calls: 1,
    });
    expect(await stack.providerCalls('unnamed keyed')).toMatchObject({ calls: 1 });
    expect(await stack.providerCalls('unnamed')).toMatchObject({ calls: 2 });
  });
});

describe('a worker that is told to stop', () => {
  it('hands a background response over at once; nothing is called again, no failure or crash is counted', async () => {
    const { job } = await stack.client.submit(response('deployed', 'tokens=100&itl_ms=5&pause_after=50'));
    const followed = follow(job.id);
    await untilStreaming([job.id]);
    const [worker] = stack.running('worker');
    await worker?.end('SIGTERM');
    // It has not waited for the end of the call, which does not come.
    const handedOver: Job = await stack.client.get(job.id);
    await stack.goOn('deployed');
    await stack.start('worker');
    const { texts, events, job: ended } = await followed;
    expect(handedOver).toMatchObject({ status: 'queued', attempt: 1 });
    expect(ended).toMatchObject({ status: 'completed', attempt: 2, provider_calls: 1, ambiguous_calls: 0 });
    expect(isUnbroken(texts)).toBe(true);
    expect(texts.at(-1)).toBe(ended.output_text);
    expect(events).toContainEqual({ type: 'attempt.started', data: { attempt: 2, resumed: true } });
    expect(await stack.providerCalls('deployed')).toMatchObject({ calls: 1, completed: 1 });
  });
});

describe('a provider that breaks off', () => {
  it('is asked for the rest of a background response, again and again, and for nothing twice', async () => {
    const { job } = await stack.client.submit(
      response('cut background', 'tokens=40&itl_ms=10&fail=cut&cut_after=15&resume_fail=500,cut,429&retry_after=0'),
    );
    const { texts, job: ended } = await follow(job.id);
    expect(ended).toMatchObject({ status: 'completed', provider_calls: 1, ambiguous_calls: 0 });
    expect(ended.attempt).toBeGreaterThan(2);
    expect(isUnbroken(texts)).toBe(true);
    expect(texts.at(-1)).toBe(ended.output_text);
    expect(await stack.providerCalls('cut background')).toMatchObject({ calls: 1, tokens: 40 });
  });

  it('may have been paid: the job’s policy decides', async () => {
    const sim = 'tokens=20&itl_ms=5&fail=cut&cut_after=8';
    const retried = await stack.client.submit(onLane('sim', 'cut retried', sim));
    const failed = await stack.client.submit({ ...onLane('sim', 'cut failed', sim), on_ambiguous: 'fail' });
    expect(await stack.client.wait(retried.job.id)).toMatchObject({ status: 'completed', ambiguous_calls: 1 });
    expect(await stack.client.wait(failed.job.id)).toMatchObject({
      status: 'failed',
      error: { code: 'provider_stream_cut' },
      provider_calls: 1,
      ambiguous_calls: 1,
    });
  });
});

describe('a cancel', () => {
  it('ends a background response at the provider too, and keeps the text that had come', async () => {
    const { job } = await stack.client.submit(response('cancelled background', 'tokens=400&itl_ms=20'));
    await untilStreaming([job.id]);
    const cancelled = await stack.client.cancel(job.id);
    expect(cancelled).toMatchObject({ status: 'cancelled', provider_calls: 1 });
    expect(cancelled.output_text?.length).toBeGreaterThan(0);
    await until('it is ended there', async () => (await stack.providerCalls('cancelled background')).aborted === 1);
  });

  it('ends one that runs on while its job waits to take it up', async () => {
    const { job } = await stack.client.submit(
      response('cancelled waiting', 'tokens=2000&itl_ms=20&fail=cut&cut_after=15&resume_fail=429&retry_after=60'),
    );
    await until('the resume was refused', async () => {
      const { status, attempt } = await stack.client.get(job.id);
      return status === 'queued' && attempt === 2;
    });
    expect(await stack.client.cancel(job.id)).toMatchObject({ status: 'cancelled', retry_at: null });
    await until('it is ended there', async () => (await stack.providerCalls('cancelled waiting')).aborted === 1);
  });
});

describe('the default lane', () => {
  it('pays once for a response whose worker is killed, where its provider runs it in the background', async () => {
    const plain = await Stack.start({ env: { OPENAI_BACKGROUND: 'true' } });
    try {
      const { job } = await plain.client.submit(
        response('default lane', 'tokens=120&itl_ms=5&pause_after=60&seed=3', 'sim'),
      );
      await until('text streams', async () => (await plain.client.get(job.id)).cursor > 12);
      const [worker] = plain.running('worker');
      await worker?.end('SIGKILL');
      await plain.goOn('default lane');
      await plain.start('worker');
      const ended = await plain.client.wait(job.id);
      expect(ended).toMatchObject({ status: 'completed', provider_calls: 1, ambiguous_calls: 0 });
    } finally {
      await plain.close();
    }
  });
});
