/**
 * How real providers were seen to differ from what OpenAI documents, and what is made of it. `dialects.test.ts` plays each against
 * the adapter, over HTTP; the table in docs/reference/providers.md is made from the same list.
 */
import type { ServerResponse } from 'node:http';
import type { JsonObject, JsonValue, ProviderCall } from '@holdfast/core';
import type { OpenAiProviderOptions } from '@holdfast/providers';
import {
  answerJson,
  beginStream,
  chatChunk,
  type SeenRequest,
  sse,
} from '../../packages/providers/testing/fake-upstream.ts';

// cspell:ignore AQID ther

export interface Dialect {
  /** What the provider does, and how that is read: for people. */
  says: string;
  read: string;
  seenAt: string;
  endpoint?: ProviderCall['endpoint'];
  body?: JsonObject;
  options?: Partial<OpenAiProviderOptions>;
  /** @param nth of the requests, from 1 */
  serve(response: ServerResponse, request: SeenRequest, nth: number): void | Promise<void>;
  /** Of an answer: what its message or output has, the text that readers get, the usage. Or the error. */
  expected: {
    message?: JsonObject;
    output?: JsonObject;
    text?: string;
    usage?: JsonObject | null;
    error?: JsonObject;
    requests?: number;
  };
}

const usage = { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 };
const counted = { input_tokens: 10, output_tokens: 20 };
const usageChunk = { ...chatChunk({}), choices: [], usage };
const say = (content: JsonValue) => chatChunk({ role: 'assistant', content });
const stop = chatChunk({}, { finish_reason: 'stop' });

/** A stream that ends in order. */
function stream(response: ServerResponse, ...events: (JsonObject | string)[]): void {
  beginStream(response, ...events, '[DONE]');
  response.end();
}

/** The same under another label, or without one. */
function labeled(response: ServerResponse, type: string, text: string): void {
  response.writeHead(200, { 'content-type': type });
  response.end(text);
}

const hello = [say('Hello'), stop, usageChunk];
const helloText = [...hello, '[DONE]'].map(sse).join('');
const toolCall = (piece: JsonObject) => chatChunk({ tool_calls: [piece] });
const weather = (more: JsonObject, city: string) =>
  toolCall({ type: 'function', function: { name: 'weather', arguments: `{"city":"${city}"}` }, ...more });
const calledWeather = (id: string, city: string) => ({
  id,
  type: 'function',
  function: { name: 'weather', arguments: `{"city":"${city}"}` },
});
/** A refusal with a body as the provider writes it. */
const refusal =
  (status: number, body: JsonValue, headers = {}) =>
  (response: ServerResponse) =>
    answerJson(response, status, body as JsonObject, headers);

const whole = {
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage,
};

const ends: Dialect[] = [
  {
    says: '`finish_reason` `""` or `"null"` in every chunk, and the stream breaks off',
    read: 'no end: the answer is cut, and tried again',
    seenAt: 'relays',
    serve(response) {
      beginStream(response, chatChunk({ content: 'Half an' }, { finish_reason: '' }));
      response.end();
    },
    expected: { error: { code: 'provider_stream_cut', retryable: true, ambiguous: true } },
  },
  {
    says: '`finish_reason: "error"`, or an `error` in the choice',
    read: 'a failure, tried again',
    seenAt: 'OpenRouter',
    serve: (response) => stream(response, say('Half an'), chatChunk({}, { finish_reason: 'error' }), usageChunk),
    expected: { error: { code: 'provider_unavailable', retryable: true, ambiguous: true } },
  },
  {
    says: 'no `finish_reason`, but `[DONE]`',
    read: 'an answer: the provider said that this was all',
    seenAt: 'Ollama, llama.cpp',
    serve: (response) => stream(response, say('Hello'), usageChunk),
    expected: { text: 'Hello', usage: counted },
  },
  {
    says: 'one choice although `n` asked for more',
    read: 'an answer with the choices that came',
    seenAt: 'Ollama, llama.cpp',
    body: { n: 2 },
    serve: (response) => stream(response, ...hello),
    expected: { text: 'Hello', usage: counted },
  },
  {
    says: 'no choice at all, but an orderly end: the prompt was blocked',
    read: '`provider_blocked`, not tried again',
    seenAt: 'Azure, Gemini',
    serve: (response) => stream(response, { ...usageChunk, prompt_filter_results: [{ prompt_index: 0 }] }, usageChunk),
    expected: { error: { code: 'provider_blocked', retryable: false } },
  },
  {
    says: '`response.done` in place of `response.completed`',
    read: 'the last event',
    seenAt: 'gateways to realtime APIs',
    endpoint: 'responses',
    serve(response) {
      const done = { id: 'r', status: 'completed', output: [{ content: [{ type: 'output_text', text: 'Hello' }] }] };
      beginStream(response, { type: 'response.done', response: done });
      response.end();
    },
    expected: { text: 'Hello', output: { status: 'completed' } },
  },
  {
    says: 'everything has come, usage included, and the stream stays open',
    read: 'the call ends two seconds later',
    seenAt: 'relays',
    serve: (response) => beginStream(response, ...hello),
    expected: { text: 'Hello', usage: counted },
  },
  {
    says: 'the same, with heartbeats that never stop',
    read: 'the call ends two seconds later',
    seenAt: 'relays',
    serve(response) {
      beginStream(response, ...hello);
      const beating = setInterval(() => response.write(': beat\n\n'), 50);
      response.on('close', () => clearInterval(beating));
    },
    expected: { text: 'Hello', usage: counted },
  },
  {
    says: '`response.completed` with an empty `output`',
    read: 'the output is what the events have told',
    seenAt: 'gateways',
    endpoint: 'responses',
    serve(response) {
      const delta = { type: 'response.output_text.delta', item_id: 'm', output_index: 0, content_index: 0 };
      beginStream(response, { ...delta, delta: 'Hello' });
      response.end(sse({ type: 'response.completed', response: { id: 'r', status: 'completed', output: [] } }));
    },
    expected: { text: 'Hello', output: { output: [{ content: [{ text: 'Hello' }] }] } },
  },
  {
    says: '`finish_reason: "stop"` and the usage in every chunk',
    read: 'what goes on is no end: all of it is read',
    seenAt: 'one-api, gateways to Gemini',
    async serve(response) {
      beginStream(response);
      for (const text of ['one ', 'two ', 'three']) {
        response.write(sse({ ...chatChunk({ content: text }, { finish_reason: 'stop' }), usage }));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      response.end(sse('[DONE]'));
    },
    expected: { text: 'one two three', usage: counted },
  },
  {
    says: 'a blocked prompt in one piece, `choices` missing or `null`',
    read: '`provider_blocked`, not tried again',
    seenAt: 'Gemini',
    serve: refusal(200, { object: 'chat.completion', choices: null, usage: { ...usage, completion_tokens: 0 } }),
    expected: { error: { code: 'provider_blocked', retryable: false } },
  },
  {
    says: '`[DONE]` bare, in quotes, or without the empty line after it, and the connection stays open',
    read: 'the end',
    seenAt: 'relays',
    serve(response) {
      beginStream(response, say('Hello'));
      response.write('data: [DONE]\n');
    },
    expected: { text: 'Hello' },
  },
  {
    says: 'a whole answer in one piece, and the connection stays open or breaks',
    read: 'an answer',
    seenAt: 'proxies',
    serve(response) {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '9999' });
      response.write(JSON.stringify(whole));
    },
    expected: { text: 'Hello', usage: counted },
  },
];

const lists: Dialect[] = [
  {
    says: 'pieces of a tool call without index, id or type',
    read: 'they belong to the call that was opened last',
    seenAt: 'gateways to Gemini',
    serve: (response) =>
      stream(
        response,
        toolCall({ id: 'c1', type: 'function', function: { name: 'weather', arguments: '' } }),
        toolCall({ function: { arguments: '{"city":' } }),
        toolCall({ function: { arguments: '"Oslo"}' } }),
        chatChunk({}, { finish_reason: 'tool_calls' }),
      ),
    expected: { message: { tool_calls: [calledWeather('c1', 'Oslo')] } },
  },
  {
    says: 'several whole tool calls, all with index 0',
    read: 'as many calls: two ids are two',
    seenAt: 'Gemini, Ollama',
    serve: (response) =>
      stream(response, weather({ index: 0, id: 'c1' }, 'Oslo'), weather({ index: 0, id: 'c2' }, 'Rome'), stop),
    expected: { message: { tool_calls: [calledWeather('c1', 'Oslo'), calledWeather('c2', 'Rome')] } },
  },
  {
    says: 'several whole tool calls without ids under one index',
    read: 'as many calls: a name after complete arguments begins another',
    seenAt: 'Ollama',
    serve: (response) => stream(response, weather({ index: 0 }, 'Oslo'), weather({ index: 0 }, 'Rome'), stop),
    expected: {
      message: {
        tool_calls: [
          { function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
          { function: { name: 'weather', arguments: '{"city":"Rome"}' } },
        ],
      },
    },
  },
  {
    says: 'an index that is text',
    read: 'a number',
    seenAt: 'relays',
    serve: (response) =>
      stream(
        response,
        toolCall({ index: '0', id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":' } }),
        toolCall({ index: '0', function: { arguments: '"Oslo"}' } }),
        stop,
      ),
    expected: { message: { tool_calls: [calledWeather('c1', 'Oslo')] } },
  },
  {
    says: 'an image in two chunks, the second a repetition',
    read: 'one image; a second one under its index is another',
    seenAt: 'OpenRouter',
    serve(response) {
      const image = (data: string) => ({
        index: 0,
        type: 'image_url',
        image_url: { url: `data:image/png;base64,${data}` },
      });
      stream(
        response,
        chatChunk({ images: [image('AA==')] }),
        chatChunk({ images: [image('AA==')] }),
        chatChunk({ images: [image('AQ==')] }),
        stop,
      );
    },
    expected: {
      message: {
        images: [
          { image_url: { url: 'data:image/png;base64,AA==' } },
          { image_url: { url: 'data:image/png;base64,AQ==' } },
        ],
      },
    },
  },
  {
    says: '`reasoning_details`: text in pieces, then an encrypted part, under one index',
    read: 'two elements, the text joined',
    seenAt: 'OpenRouter',
    serve(response) {
      const detail = (more: JsonObject) => chatChunk({ reasoning_details: [{ index: 0, ...more }] });
      stream(
        response,
        detail({ type: 'reasoning.text', text: 'Let me ' }),
        detail({ type: 'reasoning.text', text: 'think.' }),
        detail({ type: 'reasoning.encrypted', data: 'gAAA' }),
        ...hello,
      );
    },
    expected: {
      message: {
        reasoning_details: [
          { type: 'reasoning.text', text: 'Let me think.' },
          { type: 'reasoning.encrypted', data: 'gAAA' },
        ],
      },
    },
  },
  {
    says: 'audio in pieces, each base64 of its own bytes',
    read: 'joined as bytes',
    seenAt: 'OpenAI',
    serve(response) {
      const audio = (more: JsonObject) => chatChunk({ audio: more });
      stream(response, audio({ id: 'a', data: 'AQ==' }), audio({ data: 'AgM=' }), audio({ transcript: 'Hi' }), stop);
    },
    expected: { message: { audio: { id: 'a', data: 'AQID', transcript: 'Hi' } } },
  },
  {
    says: 'another id in each piece of a tool call',
    read: 'one call: a name begins another, an id alone does not',
    seenAt: 'poolside',
    serve: (response) =>
      stream(
        response,
        toolCall({ index: 0, id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":' } }),
        toolCall({ index: 0, id: 'c2', function: { arguments: '"Oslo"}' } }),
        stop,
      ),
    expected: { message: { tool_calls: [calledWeather('c1', 'Oslo')] } },
  },
  {
    says: 'the whole call once more, after its pieces',
    read: 'a repetition',
    seenAt: 'GLM, MiniMax',
    serve: (response) =>
      stream(
        response,
        toolCall({ index: 0, id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":' } }),
        toolCall({ index: 0, function: { arguments: '"Oslo"}' } }),
        weather({ index: 0, id: 'c1' }, 'Oslo'),
        stop,
      ),
    expected: { message: { tool_calls: [calledWeather('c1', 'Oslo')] } },
  },
  {
    says: 'a function’s name in pieces',
    read: 'joined, as long as no arguments have come',
    seenAt: 'self-hosted servers',
    serve: (response) =>
      stream(
        response,
        toolCall({ index: 0, id: 'c1', type: 'function', function: { name: 'wea', arguments: '' } }),
        toolCall({ index: 0, function: { name: 'ther', arguments: '' } }),
        toolCall({ index: 0, function: { arguments: '{"city":"Oslo"}' } }),
        stop,
      ),
    expected: { message: { tool_calls: [calledWeather('c1', 'Oslo')] } },
  },
  {
    says: '`thinking_blocks` piece by piece, the last with the whole text once more, signed',
    read: 'one block with its signature',
    seenAt: 'LiteLLM',
    serve(response) {
      const block = (more: JsonObject) => chatChunk({ thinking_blocks: [{ type: 'thinking', ...more }] });
      stream(
        response,
        block({ thinking: 'Let me ' }),
        block({ thinking: 'think.' }),
        block({ thinking: 'Let me think.', signature: 'SIG' }),
        ...hello,
      );
    },
    expected: { message: { thinking_blocks: [{ type: 'thinking', thinking: 'Let me think.', signature: 'SIG' }] } },
  },
  {
    says: 'an index that counts on from chunk to chunk',
    read: 'one choice, where the first index was not 0',
    seenAt: 'Foundry Local',
    serve: (response) =>
      stream(
        response,
        chatChunk({ content: 'Hel' }, { index: 197 }),
        chatChunk({ content: 'lo' }, { index: 198, finish_reason: 'stop' }),
      ),
    expected: { text: 'Hello', message: { content: 'Hello' } },
  },
  {
    says: 'lists and objects beside the delta, in pieces (`token_ids`, `content_filter_results`)',
    read: 'joined',
    seenAt: 'vLLM, Azure',
    serve: (response) =>
      stream(
        response,
        chatChunk({ content: 'a' }, { token_ids: [1], content_filter_results: { hate: { filtered: false } } }),
        chatChunk({ content: 'b' }, { token_ids: [2], content_filter_results: { violence: { filtered: false } } }),
        stop,
      ),
    expected: {
      output: {
        choices: [
          { token_ids: [1, 2], content_filter_results: { hate: { filtered: false }, violence: { filtered: false } } },
        ],
      },
    },
  },
];

const contents: Dialect[] = [
  {
    says: '`content` as a list of text parts',
    read: 'text, for readers and in the result',
    seenAt: 'Mistral',
    serve: (response) =>
      stream(response, say([{ type: 'text', text: 'For' }]), say([{ type: 'text', text: 'ty' }]), stop),
    expected: { text: 'Forty', message: { content: 'Forty' } },
  },
  {
    says: '`content` as a list with thinking, then text',
    read: 'readers get the text; the result keeps both, joined',
    seenAt: 'Mistral Magistral',
    serve(response) {
      const thinking = (text: string) => say([{ type: 'thinking', thinking: [{ type: 'text', text }] }]);
      stream(response, thinking('Let me '), thinking('think.'), say('For'), say('ty'), stop);
    },
    expected: {
      text: 'Forty',
      message: {
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'Let me think.' }] },
          { type: 'text', text: 'Forty' },
        ],
      },
    },
  },
  {
    says: 'the whole answer as one event of a stream',
    read: 'its text is one delta',
    seenAt: 'gateways',
    serve(response) {
      const choices = [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }];
      stream(response, { id: 'x', object: 'chat.completion', choices, usage });
    },
    expected: { text: 'Hello', message: { content: 'Hello' }, usage: counted },
  },
  {
    says: 'the whole message once more with the last chunk',
    read: 'nothing new',
    seenAt: 'MiniMax',
    serve(response) {
      const choices = [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }];
      stream(response, say('Hel'), say('lo'), { object: 'chat.completion', choices, usage });
    },
    expected: { text: 'Hello', message: { content: 'Hello' } },
  },
  {
    says: 'a whole number beyond 2^53 for an id',
    read: 'its digits, as text',
    seenAt: 'relays',
    serve(response) {
      const numbered = (chunk: JsonObject) =>
        sse(JSON.stringify({ ...chunk, id: 0 }).replace('"id":0', '"id":1234567890123456789'));
      beginStream(response);
      response.end(numbered(say('Hello')) + numbered(stop) + sse('[DONE]'));
    },
    expected: { text: 'Hello', output: { id: '1234567890123456789' } },
  },
  {
    says: '`message` in place of `delta`, growing from chunk to chunk',
    read: 'what is new in each',
    seenAt: 'gateways',
    serve(response) {
      const grown = (content: string, finish: string | null) => ({
        object: 'chat.completion.chunk',
        choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: finish }],
      });
      stream(response, grown('Hel', null), grown('Hello', 'stop'));
    },
    expected: { text: 'Hello', message: { content: 'Hello' } },
  },
  {
    says: 'tool calls of a Response in events only, `output` empty',
    read: 'they are in the output',
    seenAt: 'gateways',
    endpoint: 'responses',
    serve(response) {
      const item = { type: 'function_call', id: 'fc', call_id: 'c', name: 'f', arguments: '' };
      beginStream(
        response,
        { type: 'response.output_item.added', output_index: 0, item },
        { type: 'response.function_call_arguments.delta', output_index: 0, delta: '{"a":' },
        { type: 'response.function_call_arguments.delta', output_index: 0, delta: '1}' },
        { type: 'response.completed', response: { id: 'r', status: 'completed', output: [] } },
      );
      response.end();
    },
    expected: { output: { output: [{ type: 'function_call', name: 'f', arguments: '{"a":1}' }] } },
  },
];

const events: Dialect[] = [
  {
    says: 'comments, `event: ping` without data, empty data, `data: ping`',
    read: 'skipped; they count as life',
    seenAt: 'OpenRouter, Anthropic relays',
    serve(response) {
      beginStream(response, say('Hel'));
      response.write(': PROCESSING\n\nevent: ping\n\ndata:\n\ndata: ping\n\nretry: 3000\n\n');
      response.end([say('lo'), stop, usageChunk, '[DONE]'].map(sse).join(''));
    },
    expected: { text: 'Hello', usage: counted },
  },
  {
    says: '`NaN` and `-Infinity` in JSON',
    read: '`null`',
    seenAt: 'vLLM (log probabilities)',
    serve(response) {
      beginStream(response);
      const chunk = JSON.stringify(
        chatChunk({ content: 'Infinity' }, { logprobs: { content: [{ token: 'a', logprob: 0 }] } }),
      );
      response.end(sse(chunk.replace('"logprob":0', '"logprob":-Infinity')) + sse(stop) + sse('[DONE]'));
    },
    expected: { text: 'Infinity' },
  },
  {
    says: 'a stream labeled as JSON, HTML or nothing',
    read: 'by its body',
    seenAt: 'PHP relays, gateways',
    serve: (response) => labeled(response, 'text/html; charset=UTF-8', helloText),
    expected: { text: 'Hello', usage: counted },
  },
  {
    says: 'JSON labeled as a stream',
    read: 'by its body: here an error',
    seenAt: 'relays',
    serve: (response) =>
      labeled(response, 'text/event-stream', '{"error":{"message":"No such model","code":"model_not_found"}}'),
    expected: { error: { code: 'provider_not_found', message: 'main failed: No such model' } },
  },
  {
    says: '200 with nothing in it',
    read: 'no answer, tried again, not counted as paid',
    seenAt: 'proxies',
    serve: (response) => {
      response.writeHead(200);
      response.end();
    },
    expected: { error: { code: 'provider_bad_response', retryable: true, ambiguous: false } },
  },
  {
    says: 'a list of chunks as one JSON body',
    read: 'as the stream that it could have been',
    seenAt: 'Gemini gateways',
    serve: (response) =>
      labeled(response, 'application/json', JSON.stringify([say('Hel'), say('lo'), stop, usageChunk])),
    expected: { text: 'Hello', message: { content: 'Hello' }, usage: counted },
  },
  {
    says: 'documents line by line, each some time after the other, labeled as JSON',
    read: 'as the stream that it could have been',
    seenAt: 'gateways',
    async serve(response) {
      response.writeHead(200, { 'content-type': 'application/json' });
      for (const chunk of [say('Hel'), say('lo'), stop, usageChunk]) {
        response.write(`${JSON.stringify(chunk)}\n`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      response.end();
    },
    expected: { text: 'Hello', message: { content: 'Hello' }, usage: counted },
  },
  {
    says: '`data: {"type":"ping"}`',
    read: 'skipped',
    seenAt: 'Anthropic relays',
    serve: (response) => stream(response, { type: 'ping' }, ...hello),
    expected: { text: 'Hello', output: { object: 'chat.completion' } },
  },
];

const usages: Dialect[] = [
  {
    says: 'usage in `x_groq`, or in the choice',
    read: 'usage',
    seenAt: 'Groq, Moonshot',
    serve: (response) => stream(response, say('Hello'), { ...stop, x_groq: { usage } }),
    expected: { usage: counted },
  },
  {
    says: 'reasoning counted in `total_tokens` only',
    read: 'what is not input is output',
    seenAt: 'xAI',
    serve: (response) =>
      stream(response, say('Hello'), stop, { ...usageChunk, usage: { ...usage, total_tokens: 530 } }),
    expected: { usage: { input_tokens: 10, output_tokens: 520 } },
  },
  {
    says: 'usage with every chunk, `null` in the last',
    read: 'the last that says something',
    seenAt: 'self-hosted servers',
    serve: (response) => stream(response, { ...say('Hello'), usage }, { ...stop, usage: null }),
    expected: { usage: counted },
  },
  {
    says: 'no usage',
    read: 'tokens are unknown, and the cost is an estimate',
    seenAt: 'self-hosted servers',
    serve: (response) => stream(response, say('Hello'), stop),
    expected: { text: 'Hello', usage: null },
  },
  {
    says: 'zeros in the last chunk, after real counts',
    read: 'the last that counts something',
    seenAt: 'relays',
    serve: (response) =>
      stream(response, { ...say('Hello'), usage }, { ...stop, usage: { prompt_tokens: 0, completion_tokens: 0 } }),
    expected: { usage: counted },
  },
  {
    says: 'llama.cpp’s `timings`; `total_tokens` alone for embeddings',
    read: 'usage',
    seenAt: 'llama.cpp, Voyage',
    serve: (response) => stream(response, say('Hello'), { ...stop, timings: { prompt_n: 10, predicted_n: 20 } }),
    expected: { usage: counted },
  },
];

const errors: Dialect[] = [
  {
    says: 'a list with the error in it, and `RetryInfo`',
    read: 'its words, and the wait',
    seenAt: 'Gemini',
    serve: refusal(429, [
      {
        error: {
          code: 429,
          message: 'Quota exceeded',
          status: 'RESOURCE_EXHAUSTED',
          details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '6s' }],
        },
      },
    ]),
    expected: { error: { message: 'main answered 429: Quota exceeded', retryable: true, retryAfterMs: 6_000 } },
  },
  {
    says: '`detail` as a list of `loc` and `msg`',
    read: 'the field and the words',
    seenAt: 'FastAPI servers, vLLM',
    serve: refusal(422, { detail: [{ loc: ['body', 'temperature'], msg: 'at most 1', type: 'value_error' }] }),
    expected: { error: { message: 'main answered 422: body.temperature: at most 1' } },
  },
  {
    says: 'the upstream’s own error as text in `metadata.raw`',
    read: 'both words',
    seenAt: 'OpenRouter',
    serve: refusal(400, {
      error: { message: 'Provider returned error', code: 400, metadata: { raw: '{"error":{"message":"Bad tool"}}' } },
    }),
    expected: { error: { message: 'main answered 400: Provider returned error: Bad tool' } },
  },
  {
    says: '`msg`, `errors[]`, `error_description`, an `error` that is text',
    read: 'the words',
    seenAt: 'relays, proxies, Ollama',
    serve: refusal(400, { code: 1210, msg: 'Wrong parameter', errors: ['model is unknown'] }),
    expected: { error: { message: 'main answered 400: model is unknown: Wrong parameter' } },
  },
  {
    says: '200 with `base_resp.status_code`',
    read: 'an error, by its code',
    seenAt: 'MiniMax',
    serve: refusal(200, { choices: null, base_resp: { status_code: 1002, status_msg: 'rate limit' } }),
    expected: { error: { code: 'provider_rate_limited', retryable: true, message: 'main failed: rate limit' } },
  },
  {
    says: '`object: "error"` in a stream',
    read: 'an error',
    seenAt: 'vLLM',
    serve: (response) =>
      stream(response, { object: 'error', message: 'Context is too long', type: 'BadRequestError', code: 400 }),
    expected: {
      error: { code: 'provider_bad_request', retryable: false, message: 'main failed: Context is too long' },
    },
  },
  {
    says: 'an empty `error` beside an answer',
    read: 'none',
    seenAt: 'Gemini relays',
    serve: (response) => stream(response, { ...say('Hello'), error: { message: '', type: '', code: null } }, stop),
    expected: { text: 'Hello' },
  },
  {
    says: 'a key in its words',
    read: '`***`',
    seenAt: 'OpenAI and many',
    serve: refusal(401, { error: { message: 'Incorrect API key provided: sk-proj-abcdefghijklmnop1234.' } }),
    expected: { error: { message: 'main answered 401: Incorrect API key provided: ***.' } },
  },
  {
    says: '402',
    read: 'out of credit: the next provider is asked',
    seenAt: 'DeepSeek, OpenRouter',
    serve: refusal(402, { error: { message: 'Insufficient Balance' } }),
    expected: { error: { code: 'provider_rate_limited', retryable: false } },
  },
  {
    says: '408, 409, 424, 425, 449, 498, 499, 5xx, 529',
    read: 'passing, tried again',
    seenAt: 'many',
    serve: refusal(498, { error: { message: 'Token expired' } }),
    expected: { error: { code: 'provider_unavailable', retryable: true } },
  },
  {
    says: 'a line `error: {…}`, or JSON without `data:`, and then `[DONE]`',
    read: 'an error: half an answer is none',
    seenAt: 'llama.cpp',
    serve(response) {
      beginStream(response, say('Half an'));
      response.write('error: {"code":400,"message":"context is too long","type":"invalid_request_error"}\n\n');
      response.end(sse('[DONE]'));
    },
    expected: { error: { code: 'provider_bad_request', message: 'main failed: context is too long' } },
  },
  {
    says: '`code` and `message`, `error_code` and `error_msg`, `success: false` in place of an answer',
    read: 'an error',
    seenAt: 'DashScope, Baidu, relays',
    serve: (response) => stream(response, { code: 'InternalError', message: 'Upstream died' }),
    expected: { error: { retryable: true, message: 'main failed: Upstream died' } },
  },
  {
    says: 'embeddings without `data`',
    read: 'no answer',
    seenAt: 'SiliconFlow',
    endpoint: 'embeddings',
    serve: refusal(200, { code: 20_015, message: 'The parameter is invalid', data: null }),
    expected: { error: { message: 'main failed: The parameter is invalid' } },
  },
  {
    says: '`error` with code 0 or "success" beside an answer',
    read: 'none',
    seenAt: 'relays',
    serve: (response) => stream(response, { ...say('Hello'), error: { code: 0, message: 'success' } }, stop),
    expected: { text: 'Hello' },
  },
  {
    says: '403 for flagged content',
    read: '`content_refused`: the provider is well',
    seenAt: 'OpenRouter, xAI',
    serve: refusal(403, { error: { code: 403, message: 'Content violates usage guidelines.' } }),
    expected: { error: { code: 'content_refused', retryable: false } },
  },
  {
    says: 'no credit, told by 400 or 403 and words',
    read: 'out of credit: the next provider is asked',
    seenAt: 'Anthropic, DashScope, one-api',
    serve: refusal(400, { error: { type: 'invalid_request_error', message: 'Your credit balance is too low.' } }),
    expected: { error: { code: 'provider_rate_limited', retryable: false } },
  },
];

const waits: Dialect[] = [
  {
    says: '429 with `x-ratelimit-reset-*` and no Retry-After: a duration, seconds, a moment in s or ms',
    read: 'the wait, of the limit that is used up',
    seenAt: 'OpenAI, Groq',
    serve: refusal(
      429,
      { error: { message: 'Slow down' } },
      { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '30s' },
    ),
    expected: { error: { retryable: true, retryAfterMs: 30_000 } },
  },
  {
    says: '429 because the request alone is more than a minute’s limit',
    read: 'not tried again',
    seenAt: 'OpenAI',
    serve: refusal(429, {
      error: { message: 'Request too large for gpt-4o', type: 'tokens', code: 'rate_limit_exceeded' },
    }),
    expected: { error: { code: 'provider_bad_request', retryable: false } },
  },
  {
    says: 'a wait in words: "Please try again in 11.054s."',
    read: 'the wait',
    seenAt: 'OpenAI, Groq',
    serve: refusal(429, { error: { message: 'Rate limit reached. Please try again in 11.054s.' } }),
    expected: { error: { retryable: true, retryAfterMs: 11_054 } },
  },
  {
    says: 'limits under other names (`x-ratelimit-reset-tokens-minute`), or quoted in `metadata.headers`',
    read: 'the wait',
    seenAt: 'Cerebras, OpenRouter',
    serve: refusal(429, { error: { message: 'Slow down', metadata: { headers: { 'X-RateLimit-Reset': '12' } } } }),
    expected: { error: { retryable: true, retryAfterMs: 12_000 } },
  },
];

const streaming: Dialect[] = [
  {
    says: '`stream` is refused for this model',
    read: 'asked again in one piece, in the same call; remembered. Its text is one delta',
    seenAt: 'OpenAI (unverified organizations)',
    serve: (response, { body }) =>
      body.stream
        ? answerJson(response, 400, {
            error: { message: 'Your organization must be verified to stream this model.', param: 'stream' },
          })
        : answerJson(response, 200, whole),
    expected: { text: 'Hello', usage: counted, requests: 2 },
  },
  {
    says: '`stream_options` is refused',
    read: 'asked again without, in the same call; remembered',
    seenAt: 'Azure, Mistral',
    serve: (response, { body }) =>
      body.stream_options
        ? answerJson(response, 422, { detail: "Extra inputs are not permitted, field: 'stream_options'" })
        : stream(response, ...hello),
    expected: { text: 'Hello', requests: 2 },
  },
  {
    says: 'a key in a header of its own, a version in the query, another name for the model',
    read: 'settings `headers`, `query`, `models`',
    seenAt: 'Azure',
    body: { model: 'gpt-5' },
    options: {
      headers: { 'api-key': 'a-secret-key' },
      query: { 'api-version': '2024-10-21' },
      models: { 'gpt-5': 'mine' },
    },
    serve(response, { headers, path, body }) {
      const fits =
        headers['api-key'] === 'a-secret-key' && path?.endsWith('?api-version=2024-10-21') && body.model === 'mine';
      if (fits) stream(response, ...hello);
      else answerJson(response, 404, { error: { message: 'Resource not found' } });
    },
    expected: { text: 'Hello', requests: 1 },
  },
];

/** By what they are about, in the order of the table. */
export const dialects: Readonly<Record<string, readonly Dialect[]>> = {
  'When an answer is whole': ends,
  'Lists in pieces': lists,
  'Content and text': contents,
  'Events and bodies': events,
  Usage: usages,
  Errors: errors,
  Waits: waits,
  'What is asked for': streaming,
};
