import type { JsonObject } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { chatChunk, shortChat } from '../../testing/fake-upstream.ts';
import { createChatCompletionBuilder } from './chat-completion.ts';

function build(chunks: JsonObject[]) {
  const builder = createChatCompletionBuilder();
  const before = JSON.stringify(chunks);
  for (const chunk of chunks) builder.add(chunk);
  const built = builder.build();
  expect(JSON.stringify(chunks)).toBe(before);
  return built;
}

const messageOf = (chunks: JsonObject[]) => (build(chunks).choices as JsonObject[])[0]?.message;

describe('the chat completion built from chunks', () => {
  it('is what an answer without a stream would have been', () => {
    expect(build(shortChat)).toEqual({
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'sim',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, logprobs: null, finish_reason: 'stop' }],
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    });
  });

  it('merges tool calls by their index and doubles no name', () => {
    const call = (index: number, more: JsonObject) => chatChunk({ tool_calls: [{ index, ...more }] });
    const begun = { id: 'c1', type: 'function', function: { name: 'add', arguments: '' } };
    expect(
      messageOf([
        call(1, { id: 'c2', type: 'function', function: { name: 'sub', arguments: '{}' } }),
        call(0, begun),
        call(0, { ...begun, function: { name: 'add', arguments: '{"a":' } }),
        call(0, { id: '', function: { name: '', arguments: '1}' } }),
      ]),
    ).toEqual({
      role: 'assistant',
      content: null,
      tool_calls: [
        { id: 'c1', type: 'function', function: { name: 'add', arguments: '{"a":1}' } },
        { id: 'c2', type: 'function', function: { name: 'sub', arguments: '{}' } },
      ],
    });
  });

  it('joins unknown strings, and refusals', () => {
    expect(
      messageOf([
        chatChunk({ role: 'assistant', reasoning_content: 'hm', refusal: null }),
        chatChunk({ role: 'assistant', reasoning_content: 'm', refusal: 'No' }),
        chatChunk({ refusal: '.', audio: { id: 'a', data: 'YQ==' } }),
        chatChunk({ audio: { id: 'a', data: 'YmM=', expires_at: 9 } }),
      ]),
    ).toEqual({
      role: 'assistant',
      content: null,
      reasoning_content: 'hmm',
      refusal: 'No.',
      audio: { id: 'a', data: 'YWJj', expires_at: 9 },
    });
  });

  it('joins log probabilities and keeps choices apart and in order', () => {
    const token = (text: string) => ({ logprobs: { content: [{ token: text }], refusal: null } });
    const built = build([
      chatChunk({ content: 'b' }, { index: 1 }),
      chatChunk({ content: 'x' }, token('x')),
      chatChunk({ content: 'y' }, token('y')),
      chatChunk({}, { index: 1, finish_reason: 'length' }),
    ]);
    expect(built.choices).toEqual([
      {
        index: 0,
        message: { role: 'assistant', content: 'xy' },
        logprobs: { content: [{ token: 'x' }, { token: 'y' }], refusal: null },
        finish_reason: null,
      },
      { index: 1, message: { role: 'assistant', content: 'b' }, logprobs: null, finish_reason: 'length' },
    ]);
  });

  it('keeps unknown members of chunks, and values that a later null would hide', () => {
    const built = build([
      { ...chatChunk({}), x_groq: { id: 'r' }, service_tier: 'flex' },
      { ...chatChunk({}), service_tier: null },
    ]);
    expect(built).toMatchObject({ x_groq: { id: 'r' }, service_tier: 'flex' });
  });

  it('is finished once all choices that have come have a reason to end', () => {
    const builder = createChatCompletionBuilder();
    expect([builder.isFinished(), builder.choices()]).toEqual([false, 0]);
    for (const none of ['', 'null', 'none', null]) builder.add(chatChunk({}, { finish_reason: none }));
    expect(builder.isFinished()).toBe(false);
    builder.add(chatChunk({}, { finish_reason: 'stop' }));
    expect([builder.isFinished(), builder.choices()]).toEqual([true, 1]);
    builder.add(chatChunk({ content: 'a' }, { index: 1 }));
    expect([builder.isFinished(), builder.choices()]).toEqual([false, 2]);
  });

  it('is not led astray by members named like those of every object', () => {
    const evil = JSON.parse('{"__proto__": {"content": "x"}, "constructor": "y", "content": "ok"}') as JsonObject;
    const message = messageOf([chatChunk(evil)]) as JsonObject;
    expect(message.content).toBe('ok');
    expect(Object.getPrototypeOf(message)).toBe(Object.prototype);
  });
});
