import type { JsonObject, ProviderCall } from '@holdfast/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import { failureOf, problem, stopUpstreams } from '../testing/failing-call.ts';
import {
  answerJson,
  beginStream,
  chatChunk,
  collect,
  shortChat,
  sse,
  startUpstream,
  until,
} from '../testing/fake-upstream.ts';
import { createOpenAiProvider } from './call/open-ai-provider.ts';

// cspell:ignore choi

afterEach(stopUpstreams);

describe('a stream that goes wrong', () => {
  const cut = { code: 'provider_stream_cut', retryable: true, ambiguous: true };

  it('is cut where the socket breaks', async () => {
    const { error } = await failureOf((response) => {
      beginStream(response, ...shortChat.slice(0, 3));
      setImmediate(() => response.destroy());
    });
    expect(error).toMatchObject(cut);
  });

  it.each<[ProviderCall['endpoint'], JsonObject[]]>([
    ['chat.completions', shortChat.slice(0, 3)],
    ['chat.completions', [chatChunk({ content: 'a' }, { finish_reason: '' })]],
    ['chat.completions', [chatChunk({ content: 'a' }, { finish_reason: 'null' })]],
    ['responses', [{ type: 'response.output_text.delta', delta: 'a' }]],
  ])('is cut where %s end without an end', async (endpoint, events) => {
    const { error } = await failureOf(
      (response) => {
        beginStream(response, ...events);
        response.end();
      },
      { endpoint },
    );
    expect(error).toMatchObject(cut);
  });

  it.each([
    ['error', {}, 'main failed: it ended with finish_reason "error"'],
    ['stop', { error: { code: 502, message: 'Upstream died' } }, 'main failed: Upstream died'],
  ])('has failed where a choice has: finish_reason %s, %j', async (finish_reason, more, message) => {
    const { error } = await failureOf((response) => {
      beginStream(response, chatChunk({ content: 'a' }), chatChunk({}, { finish_reason, ...more }), '[DONE]');
      response.end();
    });
    expect(error).toMatchObject({ code: 'provider_unavailable', retryable: true, ambiguous: true, message });
  });

  it('is a prompt that was blocked where it ends in order without a choice', async () => {
    const blocked = { object: 'chat.completion.chunk', choices: [], prompt_filter_results: [{ prompt_index: 0 }] };
    const { error } = await failureOf((response) => {
      beginStream(response, blocked, '[DONE]');
      response.end();
    });
    expect(error).toMatchObject({ code: 'provider_blocked', retryable: false, ambiguous: false });
  });

  it('has failed where an error stands between its events', async () => {
    const { error } = await failureOf((response) => {
      beginStream(response, chatChunk({ content: 'a' }));
      response.end('{"error":{"message":"Out of memory","code":500}}\n');
    });
    expect(error).toMatchObject({ code: 'provider_unavailable', message: 'main failed: Out of memory' });
  });

  it('is cut where it ends in the middle of an event', async () => {
    const { error } = await failureOf((response) => {
      beginStream(response, chatChunk({ content: 'a' }));
      response.end('data: {"id":"chatcmpl-1","choi');
    });
    expect(error).toMatchObject(cut);
  });

  it('is cut where it ends before all choices have', async () => {
    const { error } = await failureOf((response, { body }) => {
      body.n = 2;
      beginStream(response, chatChunk({ content: 'a' }), chatChunk({ content: 'b' }, { index: 1 }), shortChat[3] ?? {});
      response.end();
    });
    expect(error).toMatchObject(cut);
  });

  it('stalls where no byte comes, and its connection is closed', async () => {
    const { error, upstream } = await failureOf((response) => beginStream(response, ...shortChat.slice(0, 2)), {
      options: { firstByteTimeoutMs: 60_000, idleTimeoutMs: 60 },
    });
    expect(error).toMatchObject({ code: 'provider_stalled', retryable: true, ambiguous: true });
    await until('the call is aborted', () => upstream.aborted === 1);
  });

  it('does not stall while comments come', async () => {
    const upstream = await startUpstream(async (response) => {
      beginStream(response);
      for (let i = 0; i < 12; i += 1) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        response.write(': still thinking\n\n');
      }
      for (const event of shortChat) response.write(sse(event));
      response.end();
    });
    const limits = { firstByteTimeoutMs: 60_000, idleTimeoutMs: 1_000 };
    const provider = createOpenAiProvider({ name: 'main', baseUrl: upstream.baseUrl, apiKey: 'k', ...limits });
    const events = await collect(
      provider.call({ endpoint: 'chat.completions', body: {}, signal: new AbortController().signal }),
    );
    expect(events.at(-1)?.kind).toBe('result');
    await upstream.stop();
  });

  it('is given up where an event is too large, before all of it has come', async () => {
    let written = 0;
    const { error, upstream } = await failureOf(
      (response) => {
        beginStream(response);
        response.write('data: ');
        const pump = () => {
          do written += 16_384;
          while (!response.destroyed && response.write('x'.repeat(16_384)));
        };
        response.on('drain', pump);
        pump();
      },
      { options: { maxAnswerBytes: 200_000 } },
    );
    expect(error).toMatchObject({ code: 'answer_too_large', retryable: false, ambiguous: true });
    await until('the call is aborted', () => upstream.aborted === 1);
    expect(written).toBeLessThan(20_000_000);
  });

  it.each<[string, string]>([
    ['an event that is not JSON', 'data: {"a":\n\n'],
    ['an event that is a list and is not JSON', 'data: [{]\n\n'],
  ])('is a bad response where it holds %s', async (_, text) => {
    const { error } = await failureOf((response) => {
      beginStream(response);
      response.end(text);
    });
    expect(error).toMatchObject({ code: 'provider_bad_response', retryable: true });
  });

  it.each<[string, string, string]>([
    ['a web page', 'text/html; charset=utf-8', '<html>Log in</html>'],
    ['some text', 'text/plain', 'It works!'],
    ['half an answer', 'application/json', '{"id":'],
    ['an answer of another kind', 'application/json', '{"object":"list"}'],
  ])('is a bad response where it is %s', async (_, type, text) => {
    const { error } = await failureOf((response) => {
      response.writeHead(200, { 'content-type': type });
      response.end(text);
    });
    expect(error).toMatchObject({ code: 'provider_bad_response', retryable: true });
  });
});

describe('an error in a 200', () => {
  it('is an event with the name of one', async () => {
    const { error } = await failureOf((response) => {
      beginStream(response, chatChunk({ content: 'a' }));
      response.end(`event: error\n${sse({ message: 'Overloaded', code: 'overloaded_error' })}`);
    });
    expect(error).toMatchObject({
      code: 'provider_unavailable',
      message: 'main failed: Overloaded',
      retryable: true,
      ambiguous: true,
    });
  });

  it.each<[string, JsonObject, JsonObject]>([
    [
      'an event of that type',
      { type: 'error', code: 'rate_limit_exceeded', message: 'M' },
      { code: 'provider_rate_limited', retryable: true },
    ],
    ['a member', problem('M', 'invalid_prompt'), { code: 'provider_bad_request', retryable: false }],
    ['a type', problem('M', null, 'invalid_request_error'), { code: 'provider_bad_request', retryable: false }],
    ['a status for a code', { error: { code: 503, message: 'M' } }, { code: 'provider_unavailable', retryable: true }],
    [
      'who knows what',
      { error: { message: 'M' } },
      { code: 'provider_unavailable', retryable: true, ambiguous: false },
    ],
  ])('is %s', async (_, event, expected) => {
    const { error } = await failureOf((response) => {
      beginStream(response, event);
      response.end();
    });
    expect(error).toMatchObject({ ...expected, message: 'main failed: M' });
  });

  it.each<[string | null, JsonObject]>([
    ['server_error', { code: 'provider_unavailable', retryable: true }],
    ['rate_limit_exceeded', { code: 'provider_rate_limited', retryable: true }],
    ['invalid_prompt', { code: 'provider_bad_request', retryable: false }],
    ['image_content_policy_violation', { code: 'content_refused', retryable: false }],
    ['data_residency_mismatch', { code: 'provider_refused', retryable: false }],
    [null, { code: 'provider_refused', retryable: false }],
  ])('is response.failed with the code %s', async (code, expected) => {
    const response = { id: 'r', status: 'failed', error: code ? { code, message: 'M' } : null };
    const { error } = await failureOf((answer) => beginStream(answer, { type: 'response.failed', response }), {
      endpoint: 'responses',
    });
    expect(error).toMatchObject(expected);
  });

  it('is an answer to embeddings as well', async () => {
    const { error } = await failureOf((response) => answerJson(response, 200, problem('M', 'server_error')), {
      endpoint: 'embeddings',
    });
    expect(error).toMatchObject({ code: 'provider_unavailable', retryable: true });
  });
});

describe('an answer in one piece', () => {
  it('is bounded', async () => {
    const { error } = await failureOf((response) => answerJson(response, 200, { data: 'x'.repeat(100_000) }), {
      endpoint: 'embeddings',
      options: { maxAnswerBytes: 1000 },
    });
    expect(error).toMatchObject({ code: 'answer_too_large', retryable: false });
  });

  it('is cut where the socket breaks', async () => {
    const { error } = await failureOf(
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
        response.write('{"data": [');
        setImmediate(() => response.destroy());
      },
      { endpoint: 'embeddings' },
    );
    expect(error).toMatchObject({ code: 'provider_stream_cut', retryable: true, ambiguous: true });
  });
});
