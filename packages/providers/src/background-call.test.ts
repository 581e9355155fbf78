import type { JsonObject } from '@holdfast/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  backgroundEvents,
  finished,
  startBackgroundUpstream,
  stopBackgroundUpstreams,
  stored,
} from '../testing/background-upstream.ts';
import { answerJson, beginStream } from '../testing/fake-upstream.ts';

afterEach(stopBackgroundUpstreams);

type Handler = Parameters<typeof startBackgroundUpstream>[0];
const streamAll: Handler = (response) => {
  beginStream(response, ...backgroundEvents);
  response.end();
};
const created = (response: JsonObject): JsonObject => ({ type: 'response.created', sequence_number: 0, response });

describe('a call in the background', () => {
  it('asks for it, and emits the id once and before anything else', async () => {
    const upstream = await startBackgroundUpstream(streamAll);
    const { events } = await upstream.call({ background: true, body: { model: 'sim', background: false } });
    expect(upstream.requests[0]?.body).toEqual({ model: 'sim', stream: true, background: true });
    expect(events[0]).toEqual({ kind: 'response', id: 'resp_1' });
    expect(events.filter(({ kind }) => kind === 'response')).toHaveLength(1);
    expect(events.map((event) => ('cursor' in event ? event.cursor : event.kind))).toEqual([
      'response',
      0,
      1,
      2,
      3,
      4,
      5,
      6,
      'result',
    ]);
    expect(upstream.asked()).toEqual(['POST /v1/responses']);
  });

  it('is a plain one where nothing may be stored', async () => {
    const upstream = await startBackgroundUpstream(streamAll);
    const { events } = await upstream.call({ background: true, body: { store: false } });
    expect(upstream.requests[0]?.body).toEqual({ store: false, stream: true });
    expect(events[0]?.kind).toBe('event');
  });

  it.each<['chat.completions' | 'embeddings']>([['chat.completions'], ['embeddings']])(
    'is a plain one to %s',
    async (endpoint) => {
      const upstream = await startBackgroundUpstream((response) => answerJson(response, 200, { choices: [] }));
      await upstream.call({ endpoint, background: true, body: {} });
      expect(upstream.requests[0]?.body).not.toHaveProperty('background');
    },
  );

  it.each<[string, JsonObject]>([
    ['is said not to be', stored('in_progress', { background: false })],
    ['has no id', stored('in_progress', { id: '' })],
    ['has an id that would lead elsewhere', stored('in_progress', { id: '..' })],
  ])('may have been paid for nothing where the response %s', async (_, response) => {
    const upstream = await startBackgroundUpstream((answer) => {
      beginStream(answer, created(response));
      answer.end();
    });
    const { events, error } = await upstream.call({ background: true });
    expect(events).toHaveLength(1);
    expect(error).toMatchObject({ code: 'provider_stream_cut', ambiguous: true });
  });

  it.each<[string, Handler, { code: string }]>([
    [
      'cut',
      (response) => {
        beginStream(response, ...backgroundEvents.slice(0, 4));
        setImmediate(() => response.destroy());
      },
      { code: 'provider_stream_cut' },
    ],
    ['stalled', (response) => beginStream(response, ...backgroundEvents.slice(0, 4)), { code: 'provider_stalled' }],
  ])('has lost no payment when it is %s once the id is known', async (_, handle, expected) => {
    const idleTimeoutMs = expected.code === 'provider_stalled' ? 100 : 60_000;
    const upstream = await startBackgroundUpstream(handle, { idleTimeoutMs });
    const { events, error } = await upstream.call({ background: true });
    expect(events.at(-1)).toEqual({ kind: 'text', text: 'a', cursor: 3 });
    expect(error).toMatchObject({ ...expected, retryable: true, ambiguous: false, provider: 'main' });
    expect(upstream.requests).toHaveLength(1);
  });

  it('may have been paid for where it breaks off before the id is known', async () => {
    const upstream = await startBackgroundUpstream((response) => {
      beginStream(response);
      setImmediate(() => response.destroy());
    });
    const { error } = await upstream.call({ background: true });
    expect(error).toMatchObject({ code: 'provider_stream_cut', ambiguous: true });
  });

  it.each(['server_error', 'rate_limit_exceeded'])('is over where the response failed by %s', async (code) => {
    const response = stored('failed', { error: { code, message: 'M' } });
    const upstream = await startBackgroundUpstream((answer) =>
      beginStream(answer, created(stored('queued')), { type: 'response.failed', sequence_number: 1, response }),
    );
    const { error } = await upstream.call({ background: true });
    expect(error).toMatchObject({ retryable: true, ambiguous: true, message: 'main failed: M' });
    expect(upstream.requests).toHaveLength(1);
  });

  it('is polled for its result where the provider does not stream', async () => {
    const states = [stored('queued'), stored('in_progress'), finished];
    const upstream = await startBackgroundUpstream((response) =>
      answerJson(response, 200, states.shift() ?? {}, { 'openai-poll-after-ms': '0' }),
    );
    const { events } = await upstream.call({ background: true });
    expect(events).toEqual([
      { kind: 'response', id: 'resp_1' },
      { kind: 'result', output: finished, usage: { input_tokens: 4, output_tokens: 3 } },
    ]);
    expect(upstream.asked()).toEqual(['POST /v1/responses', ...Array(2).fill('GET /v1/responses/resp_1')]);
  });
});

describe('an error event in the background', () => {
  const errorEvent = { type: 'error', sequence_number: 2, error: { code: 'server_error', message: 'M' } };
  const callAfter = async (state: Handler) => {
    const upstream = await startBackgroundUpstream((response, request) => {
      if (request.method === 'GET') return state(response, request);
      beginStream(response, ...backgroundEvents.slice(0, 2), errorEvent);
    });
    return { upstream, ...(await upstream.call({ background: true })) };
  };

  it('is checked against the response: one that runs can be resumed', async () => {
    const { upstream, error } = await callAfter((response) => answerJson(response, 200, stored('in_progress')));
    expect(error).toMatchObject({ code: 'provider_unavailable', retryable: true, ambiguous: false });
    expect(upstream.asked()).toEqual(['POST /v1/responses', 'GET /v1/responses/resp_1']);
  });

  it('is checked against the response: one that has failed is over', async () => {
    const failed = stored('failed', { error: { code: 'server_error', message: 'F' } });
    const { error } = await callAfter((response) => answerJson(response, 200, failed));
    expect(error).toMatchObject({ message: 'main failed: F', retryable: true, ambiguous: true });
  });

  it('is checked against the response: one that is finished is the answer', async () => {
    const { events, error } = await callAfter((response) => answerJson(response, 200, finished));
    expect(error).toBeNull();
    expect(events.at(-1)).toMatchObject({ kind: 'result', output: finished });
  });

  it('leaves a response that cannot be asked for to another try', async () => {
    const { error } = await callAfter((response) => answerJson(response, 502, {}));
    expect(error).toMatchObject({ code: 'provider_unavailable', status: 502, retryable: true, ambiguous: false });
  });
});

describe('an idempotency key', () => {
  it.each<['responses' | 'chat.completions' | 'embeddings']>([['responses'], ['chat.completions'], ['embeddings']])(
    'is sent as a header to %s',
    async (endpoint) => {
      const upstream = await startBackgroundUpstream((response) => answerJson(response, 200, {}));
      await upstream.call({ endpoint, body: {}, idempotencyKey: 'job_1-1' });
      await upstream.call({ endpoint, body: {} });
      expect(upstream.requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['job_1-1', undefined]);
    },
  );
});
