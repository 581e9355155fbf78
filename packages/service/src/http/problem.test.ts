import { type HttpErrorCode, httpStatusOf, RequestError } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { problemOf, problemSchema } from './problem.ts';

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
