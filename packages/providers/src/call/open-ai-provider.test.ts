import type { ServerResponse } from 'node:http';
import type { JsonObject, ProviderCall } from '@holdfast/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  answerJson,
  beginStream,
  chatChunk,
  collect,
  type FakeUpstream,
  shortChat,
  sse,
  startUpstream,
  until,
} from '../../testing/fake-upstream.ts';
import { createOpenAiProvider } from './open-ai-provider.ts';

const running: FakeUpstream[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((upstream) => upstream.stop()));
});

async function start(handle: Parameters<typeof startUpstream>[0], apiKey: string | undefined = 'key-1') {
  const upstream = await startUpstream(handle);
  running.push(upstream);
  const provider = createOpenAiProvider({ name: 'main', baseUrl: upstream.baseUrl, apiKey });
  const call = (endpoint: ProviderCall['endpoint'], body: JsonObject) =>
    collect(provider.call({ endpoint, body, signal: new AbortController().signal }));
  return { upstream, provider, call };
}

const responseEvents: JsonObject[] = [
  { type: 'response.created', response: { id: 'resp_1', object: 'response', status: 'in_progress', error: null } },
  {
    type: 'response.content_part.added',
    item_id: 'm',
    output_index: 0,
    content_index: 0,
    part: { type: 'output_text' },
  },
  { type: 'response.output_text.delta', item_id: 'm', output_index: 0, content_index: 0, delta: 'Hi', logprobs: [] },
  {
    type: 'response.completed',
    response: {
      id: 'resp_1',
      object: 'response',
      status: 'completed',
      error: null,
      usage: { input_tokens: 4, output_tokens: 1 },
    },
  },
].map((event, sequence_number) => ({ ...event, sequence_number }));

describe('a chat call', () => {
  it('is always streamed with its usage, and keeps unknown members', async () => {
    const { upstream, call } = await start((response) => {
      beginStream(response, ...shortChat, '[DONE]');
      response.end();
    });
    const events = await call('chat.completions', {
      model: 'sim',
      stream: false,
      stream_options: { include_usage: false, include_obfuscation: false },
      brand_new: { deep: [1] },
    });
    expect(upstream.requests[0]).toMatchObject({
      path: '/v1/chat/completions',
      headers: { authorization: 'Bearer key-1' },
    });
    expect(upstream.requests[0]?.body).toEqual({
      model: 'sim',
      stream: true,
      stream_options: { include_usage: true, include_obfuscation: false },
      brand_new: { deep: [1] },
    });
    expect(events.map((event) => event.kind)).toEqual(['event', 'text', 'text', 'event', 'event', 'result']);
    expect(events.at(-1)).toMatchObject({
      output: { object: 'chat.completion', choices: [{ message: { content: 'Hello' } }] },
      usage: { input_tokens: 3, output_tokens: 2 },
    });
  });

  it('needs no [DONE] after its end', async () => {
    const { call } = await start((response) => {
      beginStream(response, ...shortChat);
      response.end();
    });
    expect((await call('chat.completions', {})).at(-1)?.kind).toBe('result');
  });

  it('is answered even if the connection breaks once the answer is whole', async () => {
    const { call } = await start((response) => {
      beginStream(response, ...shortChat.slice(0, 4));
      setImmediate(() => response.destroy());
    });
    expect((await call('chat.completions', {})).at(-1)).toMatchObject({ kind: 'result', usage: null });
  });

  it('passes on characters whole that arrive in two halves', async () => {
    const bytes = Buffer.from(sse(chatChunk({ content: 'a😀é' }, { finish_reason: 'stop' })));
    const { call } = await start(async (response) => {
      beginStream(response);
      for (const byte of bytes) {
        response.write(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    });
    expect((await call('chat.completions', {}))[0]).toMatchObject({ kind: 'text', text: 'a😀é' });
  });

  it('takes an answer in one piece from a provider that cannot stream', async () => {
    const whole = { object: 'chat.completion', choices: [{ message: { content: 'Hi' } }], usage: { prompt_tokens: 1 } };
    const { call } = await start((response) => answerJson(response, 200, whole));
    const event = {
      object: 'chat.completion.chunk',
      choices: [{ delta: { content: 'Hi' } }],
      usage: { prompt_tokens: 1 },
    };
    expect(await call('chat.completions', {})).toEqual([
      { kind: 'text', text: 'Hi', event },
      { kind: 'result', output: whole, usage: { input_tokens: 1, output_tokens: 0 } },
    ]);
  });
});

describe('a provider that refuses to stream', () => {
  it('is asked once more without, and from then on at once', async () => {
    const choices = [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }];
    const { upstream, call } = await start((response, { body }) =>
      body.stream
        ? answerJson(response, 400, { error: { message: 'Streaming is not supported for this model.' } })
        : answerJson(response, 200, { choices }),
    );
    for (const model of ['one', 'one', 'two']) {
      expect((await call('chat.completions', { model })).at(-1)).toMatchObject({ kind: 'result' });
    }
    const asked = upstream.requests.map(({ body }) => [body.model, body.stream ?? false]);
    expect(asked).toEqual([
      ['one', true],
      ['one', false],
      ['one', false],
      ['two', true],
      ['two', false],
    ]);
  });

  it('is not believed where it refuses the request without a stream as well', async () => {
    const { upstream, call } = await start((response) =>
      answerJson(response, 400, { error: { message: 'No stream of thought, please.' } }),
    );
    for (const _ of [1, 2]) await expect(call('chat.completions', { model: 'm' })).rejects.toThrow('No stream');
    expect(upstream.requests.map(({ body }) => body.stream ?? false)).toEqual([true, false, true, false]);
  });
});

describe('a responses call', () => {
  it('ends with the response of its last event, and is left to run in the background by nobody but the lane', async () => {
    const { upstream, call } = await start((response) => {
      beginStream(response, ...responseEvents);
    });
    const events = await call('responses', { model: 'sim', background: true, store: true, stream: false });
    expect(upstream.requests[0]).toMatchObject({
      path: '/v1/responses',
      body: { model: 'sim', store: true, stream: true },
    });
    expect(upstream.requests[0]?.body).not.toHaveProperty('background');
    // Of a response that has no output of its own.
    const message = {
      type: 'message',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'Hi', annotations: [] }],
    };
    const output = { ...(responseEvents[3]?.response as JsonObject), output: [message] };
    expect(events).toEqual([
      { kind: 'event', event: responseEvents[0], cursor: 0 },
      { kind: 'event', event: responseEvents[1], cursor: 1 },
      { kind: 'text', text: 'Hi', cursor: 2 },
      { kind: 'event', event: responseEvents[3], cursor: 3 },
      { kind: 'result', output, usage: { input_tokens: 4, output_tokens: 1 } },
    ]);
  });

  it('takes an incomplete response for a result', async () => {
    const response = { id: 'r', status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
    const { call } = await start((answer) => {
      beginStream(answer, { type: 'response.incomplete', response });
      answer.end();
    });
    expect((await call('responses', {})).at(-1)).toEqual({ kind: 'result', output: response, usage: null });
  });
});

describe('an embeddings call', () => {
  it('sends the body and gives the answer exactly as they are', async () => {
    const answer = {
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: [0.5, -1] }],
      usage: { prompt_tokens: 2, total_tokens: 2 },
      extra: 1,
    };
    const { upstream, call } = await start((response) => answerJson(response, 200, answer));
    expect(await call('embeddings', { model: 'sim', input: 'x', odd: null })).toEqual([
      { kind: 'result', output: answer, usage: { input_tokens: 2, output_tokens: 0 } },
    ]);
    expect(upstream.requests[0]).toMatchObject({ path: '/v1/embeddings' });
    expect(upstream.requests[0]?.body).toEqual({ model: 'sim', input: 'x', odd: null });
  });

  it('leaves base64 as base64 for a client that asked for it', async () => {
    const answer = { data: [{ embedding: 'AAAAPw==' }] };
    const { call } = await start((response) => answerJson(response, 200, answer));
    expect(await call('embeddings', { encoding_format: 'base64' })).toEqual([
      { kind: 'result', output: answer, usage: null },
    ]);
  });
});

describe.each<[ProviderCall['endpoint'], (JsonObject | string)[]]>([
  ['chat.completions', [...shortChat, '[DONE]']],
  ['responses', responseEvents],
])('the connection of a %s call', (endpoint, events) => {
  it('is used again, although the provider ends its answer after the result has been taken', async () => {
    const open: ServerResponse[] = [];
    const { upstream, call } = await start((response) => {
      beginStream(response, ...events);
      open.push(response);
    });
    for (let i = 0; i < 5; i += 1) {
      await call(endpoint, {});
      const response = open[i];
      response?.end();
      await until('the answer has left', () => response?.writableFinished === true);
      // The end has left the server; the client needs a moment of the same event loop to read it.
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(upstream.aborted).toBe(0);
    expect(upstream.connections).toBeLessThan(5);
  });
});

describe('a provider', () => {
  it('without a key is sent none', async () => {
    const upstream = await startUpstream((response) => answerJson(response, 200, { data: [] }));
    running.push(upstream);
    const provider = createOpenAiProvider({ name: 'local', baseUrl: `${upstream.baseUrl}/`, apiKey: undefined });
    await collect(provider.call({ endpoint: 'embeddings', body: {}, signal: new AbortController().signal }));
    expect(upstream.requests[0]?.headers.authorization).toBeUndefined();
    expect(upstream.requests[0]?.path).toBe('/v1/embeddings');
  });

  it('is refused at once where its address is none', () => {
    expect(() => createOpenAiProvider({ name: 'x', baseUrl: 'nowhere', apiKey: 'k' })).toThrow('Invalid URL');
  });
});
