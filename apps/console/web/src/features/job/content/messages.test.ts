import { describe, expect, it } from '@jest/globals';
import { messagesOf } from './messages.ts';

describe('the conversation of a request', () => {
  it('is that of chat messages; what is no text stands beside it', () => {
    const image = { type: 'image_url', image_url: { url: 'x' } };
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'What is' }, image, { type: 'text', text: ' this?' }] },
      { role: 'assistant', content: null, tool_calls: [{ id: 't1' }] },
    ];
    expect(messagesOf({ task: 'chat.completions', input: { model: 'm', messages } })).toEqual([
      { role: 'system', text: 'Be brief.', rest: null },
      { role: 'user', text: 'What is this?', rest: { content: [image] } },
      { role: 'assistant', text: null, rest: { tool_calls: [{ id: 't1' }] } },
    ]);
  });

  it('is that of the Responses API: a text, or items, with its instructions first', () => {
    expect(messagesOf({ input: { instructions: 'Be kind.', input: 'Hello' } })).toEqual([
      { role: 'instructions', text: 'Be kind.', rest: null },
      { role: 'user', text: 'Hello', rest: null },
    ]);
    const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello' }] };
    expect(messagesOf({ input: { input: [item] } })).toEqual([{ role: 'user', text: 'Hello', rest: null }]);
  });

  it('is missing in the inputs of other tasks', () => {
    for (const request of [null, 'text', {}, { input: { text: 'Hello' } }, { input: { input: ['a', 'b'] } }]) {
      expect(messagesOf(request)).toBeNull();
    }
  });
});
