import type { JsonObject } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import type { PreparedCall } from '../calls/prepared-call.ts';
import { answerAttributes, callAttributes } from './call-attributes.ts';

const call = (body: JsonObject): PreparedCall => ({
  id: '',
  endpoint: 'chat.completions',
  body,
  signal: new AbortController().signal,
  emits: 'all',
  announce: () => undefined,
});
const usage = { input_tokens: 3, output_tokens: 2 };
const known = (attributes: object) => JSON.parse(JSON.stringify(attributes)) as object;

const messages = [
  { role: 'system', content: 'Be brief.' },
  {
    role: 'user',
    content: [
      { type: 'text', text: 'What is it?' },
      { type: 'image_url', image_url: { url: 'data:secret' } },
    ],
  },
];

describe('the span of a call', () => {
  it('has the settings of its request, whichever of their names the endpoint has', () => {
    const chat = { model: 'sim', messages, max_tokens: 5, temperature: 0.5, seed: 7, reasoning_effort: 'low' };
    const wanted = {
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': 'sim',
      'gen_ai.request.max_tokens': 5,
      'gen_ai.request.temperature': 0.5,
      'gen_ai.request.seed': 7,
      'gen_ai.request.reasoning.level': 'low',
    };
    expect(known(callAttributes(call(chat), false))).toEqual(wanted);
    const { messages: input, max_tokens: max_output_tokens, reasoning_effort: effort, ...rest } = chat;
    const responses = { ...rest, input, max_output_tokens, reasoning: { effort } };
    expect(known(callAttributes(call(responses), false))).toEqual(wanted);
  });

  it('has what its answer says of itself, whichever of its names the endpoint has', () => {
    const wanted = {
      'gen_ai.response.id': 'a1',
      'gen_ai.response.model': 'sim-1',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': 3,
      'gen_ai.usage.output_tokens': 2,
      'gen_ai.usage.cache_read.input_tokens': 1,
      'gen_ai.usage.reasoning.output_tokens': 2,
    };
    const chat = {
      id: 'a1',
      model: 'sim-1',
      choices: [{ finish_reason: 'stop', message: { content: 'Hello' } }],
      usage: { prompt_tokens_details: { cached_tokens: 1 }, completion_tokens_details: { reasoning_tokens: 2 } },
    };
    expect(known(answerAttributes({ output: chat, usage, provider: 'main' }, false))).toEqual(wanted);
    const response = {
      id: 'a1',
      model: 'sim-1',
      status: 'completed',
      output: [{ content: [{ type: 'output_text', text: 'Hello' }] }],
      usage: { input_tokens_details: { cached_tokens: 1 }, output_tokens_details: { reasoning_tokens: 2 } },
    };
    expect(known(answerAttributes({ output: response, usage, provider: 'main' }, false))).toEqual(wanted);
  });

  it('says why an answer was cut short, and nothing that the answer doesn’t', () => {
    const output = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
    expect(known(answerAttributes({ output, usage: null, provider: 'main' }, true))).toEqual({
      'gen_ai.response.finish_reasons': ['max_output_tokens'],
    });
    expect(known(answerAttributes({ output: 'text', usage: null, provider: 'main' }, false))).toEqual({});
  });
});

describe('prompts and answers', () => {
  const inputOf = (body: JsonObject) =>
    JSON.parse(String(callAttributes(call(body), true)['gen_ai.input.messages'])) as unknown;

  it('are in it only where that is asked for, and images never', () => {
    expect(JSON.stringify(callAttributes(call({ model: 'sim', messages }), false))).not.toMatch(/brief|What/);
    expect(inputOf({ model: 'sim', messages })).toEqual([
      { role: 'system', parts: [{ type: 'text', content: 'Be brief.' }] },
      { role: 'user', parts: [{ type: 'text', content: 'What is it?' }, { type: 'image_url' }] },
    ]);
    const output = { choices: [{ message: { content: 'A tree.' } }] };
    const answer = { output, usage: null, provider: 'main' };
    expect(JSON.stringify(answerAttributes(answer, false))).not.toContain('tree');
    expect(answerAttributes(answer, true)['gen_ai.output.messages']).toBe(
      '[{"role":"assistant","parts":[{"type":"text","content":"A tree."}]}]',
    );
  });

  it('are read from both kinds of requests; one for embeddings has none', () => {
    const user = { role: 'user', parts: [{ type: 'text', content: 'Hi' }] };
    expect(inputOf({ model: 'sim', input: 'Hi', instructions: 'Be kind.' })).toEqual([
      { role: 'system', parts: [{ type: 'text', content: 'Be kind.' }] },
      user,
    ]);
    const input = [{ role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }];
    expect(inputOf({ model: 'sim', input })).toEqual([user]);
    expect(callAttributes(call({ model: 'sim' }), true)['gen_ai.input.messages']).toBeUndefined();
  });
});
