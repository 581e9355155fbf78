import { describe, expect, it } from '@jest/globals';
import { requestBody } from './request-body.ts';

const conversation = [{ role: 'user' as const, content: 'Hello' }];
const asked = { model: 'm', instructions: 'Be brief.', messages: conversation, max_output_tokens: 9, temperature: 0 };

describe('the body of a task’s call', () => {
  it('says the same on either surface, in its words', () => {
    expect(requestBody('chat.completions', asked)).toEqual({
      model: 'm',
      max_completion_tokens: 9,
      temperature: 0,
      messages: [{ role: 'system', content: 'Be brief.' }, ...conversation],
    });
    expect(requestBody('responses', asked)).toEqual({
      model: 'm',
      max_output_tokens: 9,
      temperature: 0,
      instructions: 'Be brief.',
      input: conversation,
    });
  });

  const schema = { type: 'object' };
  const say = 'Answer with nothing but JSON that fits this JSON Schema: {"type":"object"}';

  it('asks for structured answers', () => {
    const structure = { schema, format: 'json_schema' as const };
    expect(requestBody('chat.completions', { model: 'm', prompt: 'x' }, structure)).toMatchObject({
      response_format: { type: 'json_schema', json_schema: { schema, strict: true } },
      messages: [{ role: 'user', content: 'x' }],
    });
    expect(requestBody('responses', { model: 'm', prompt: 'x' }, structure)).toMatchObject({
      text: { format: { type: 'json_schema', schema, strict: true } },
      input: [{ role: 'user', content: 'x' }],
    });
  });

  it('asks for JSON, and says in words what it has to fit, where the provider takes no schema', () => {
    const structure = { schema, format: 'json_object' as const };
    expect(requestBody('chat.completions', asked, structure)).toMatchObject({
      response_format: { type: 'json_object' },
      messages: [{ role: 'system', content: `Be brief.\n\n${say}` }, ...conversation],
    });
    expect(requestBody('responses', asked, structure)).toMatchObject({
      text: { format: { type: 'json_object' } },
      instructions: 'Be brief.',
      input: [{ role: 'system', content: say }, ...conversation],
    });
  });

  it('says it in words alone where the provider takes no format', () => {
    const chat = requestBody('chat.completions', { model: 'm', prompt: 'x' }, { schema, format: 'text' });
    expect(chat).toEqual({
      model: 'm',
      messages: [
        { role: 'system', content: say },
        { role: 'user', content: 'x' },
      ],
    });
    expect(requestBody('responses', asked, { schema, format: 'text' })).not.toHaveProperty('text');
  });

  it.each([
    ['neither prompt nor messages', {}],
    ['both', { prompt: 'x', messages: conversation }],
  ])('is none of %s', (_, options) => {
    expect(() => requestBody('responses', { model: 'm', ...options })).toThrow(
      'expected either `prompt` or `messages`',
    );
  });

  it('carries metadata only where there is some', () => {
    expect(requestBody('responses', { model: 'm', prompt: 'x', metadata: { a: 'b' } })).toMatchObject({
      metadata: { a: 'b' },
    });
    expect(requestBody('responses', { model: 'm', prompt: 'x', metadata: {} })).not.toHaveProperty('metadata');
  });
});
