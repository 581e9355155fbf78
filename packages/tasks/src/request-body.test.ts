import { describe, expect, it } from '@jest/globals';
import { requestBody } from './request-body.ts';

const conversation = [{ role: 'user' as const, content: 'Hello' }];
const asked = { model: 'm', instructions: 'Be brief.', messages: conversation, max_output_tokens: 9, temperature: 0 };

describe('the body of a task’s call', () => {
  it('says the same on either surface, in its words', () => {
    expect(requestBody('chat.completions', asked)).toEqual({
      ...{ model: 'm', max_completion_tokens: 9, temperature: 0 },
      messages: [{ role: 'system', content: 'Be brief.' }, ...conversation],
    });
    expect(requestBody('responses', asked)).toEqual({
      ...{ model: 'm', max_output_tokens: 9, temperature: 0 },
      ...{ instructions: 'Be brief.', input: conversation },
    });
  });

  it('asks for structured answers', () => {
    const schema = { type: 'object' };
    expect(requestBody('chat.completions', { model: 'm', prompt: 'x' }, schema)).toMatchObject({
      response_format: { type: 'json_schema', json_schema: { schema, strict: true } },
    });
    expect(requestBody('responses', { model: 'm', prompt: 'x' }, schema)).toMatchObject({
      text: { format: { type: 'json_schema', schema, strict: true } },
    });
  });

  it.each([
    ['neither prompt nor messages', {}],
    ['both', { prompt: 'x', messages: conversation }],
  ])('is none of %s', (_, options) => {
    expect(() => requestBody('responses', { model: 'm', ...options })).toThrow('a prompt or messages');
  });

  it('carries metadata only where there is some', () => {
    expect(requestBody('responses', { model: 'm', prompt: 'x', metadata: { a: 'b' } })).toMatchObject({
      metadata: { a: 'b' },
    });
    expect(requestBody('responses', { model: 'm', prompt: 'x', metadata: {} })).not.toHaveProperty('metadata');
  });
});
