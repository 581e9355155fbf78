import { type HttpErrorCode, httpStatusOf, RequestError } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { problemOf, problemSchema, validationError } from './problem.ts';

describe('a problem document', () => {
  it('is RFC 9457, with an error member as OpenAI SDKs read it', () => {
    const error = new RequestError('invalid_cursor', 'after: a number', { param: 'after' });
    expect(problemOf(error, 'req_1')).toEqual({
      type: 'urn:holdfast:error:invalid_cursor',
      title: 'invalid cursor',
      status: 400,
      detail: 'after: a number',
      code: 'invalid_cursor',
      param: 'after',
      request_id: 'req_1',
      error: { message: 'after: a number', type: 'invalid_request_error', param: 'after', code: 'invalid_cursor' },
    });
  });

  it.each(Object.entries(httpStatusOf))('fits its schema for the code %s (%i)', (code, status) => {
    const problem = problemOf(new RequestError(code as HttpErrorCode, 'what to do'), undefined);
    expect(problemSchema.parse(problem)).toEqual(problem);
    const type = status >= 500 ? 'server_error' : status === 429 ? 'rate_limit_error' : 'invalid_request_error';
    expect(problem).toMatchObject({ status, error: { type } });
  });

  it('says nothing of the cause', () => {
    const error = new RequestError('internal_error', 'Something went wrong.', { cause: new Error('secret') });
    expect(JSON.stringify(problemOf(error, 'req_1'))).not.toContain('secret');
  });
});

describe('a validation error', () => {
  const schema = z.strictObject({
    messages: z.array(z.strictObject({ role: z.enum(['user']) })),
    n: z.int().optional(),
  });
  const errorOf = (value: unknown, prefix?: string) => {
    const { error } = schema.safeParse(value);
    if (!error) throw new Error('it fits');
    return validationError(error, prefix);
  };

  it('names the field at fault with a dotted path', () => {
    const error = errorOf({ messages: [{ role: 'user' }, { role: 'wizard' }] }, 'input');
    expect(error).toMatchObject({ code: 'validation_failed', status: 422, param: 'input.messages.1.role' });
    expect(error.message).toMatch(/^input\.messages\.1\.role: /);
  });

  it('names a member that is not known', () => {
    expect(errorOf({ messages: [], color: 'red' })).toMatchObject({ param: 'color' });
    expect(errorOf({ messages: [{ role: 'user', x: 1 }] })).toMatchObject({ param: 'messages.0.x' });
  });

  it('names no field when it is the whole', () => {
    expect(errorOf([])).toMatchObject({ param: null });
  });

  it('lists ten issues at most', () => {
    const error = errorOf({ messages: Array.from({ length: 5_000 }, () => ({ role: 'wizard' })) });
    expect(error.issues).toHaveLength(10);
  });
});
