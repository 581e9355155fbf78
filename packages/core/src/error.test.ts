import { describe, expect, it } from '@jest/globals';
import { AttemptError, CodedError, httpStatusOf, jobErrorCodes, jobErrorSchema, RequestError } from './error.ts';

describe('codes', () => {
  it('of requests each have a status that says whose fault it is', () => {
    for (const [code, status] of Object.entries(httpStatusOf)) {
      expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(600);
    }
  });

  it('of jobs are all different', () => {
    expect(new Set(jobErrorCodes).size).toBe(jobErrorCodes.length);
  });
});

describe('CodedError', () => {
  it('is not worth another try unless it says so', () => {
    expect(new CodedError('x', 'y')).toMatchObject({ retryable: false, retryAfterMs: undefined });
    expect(new CodedError('x', 'y', { retryable: true, retryAfterMs: 5 })).toMatchObject({
      retryable: true,
      retryAfterMs: 5,
    });
  });

  it('has the given cause or none, and the name of its class', () => {
    const cause = new Error('below');
    expect(new CodedError('x', 'y', { cause }).cause).toBe(cause);
    expect('cause' in new CodedError('x', 'y')).toBe(false);
    expect(new AttemptError('internal_error', 'y').name).toBe('AttemptError');
    expect(new RequestError('forbidden', 'y').name).toBe('RequestError');
  });
});

describe('RequestError', () => {
  it('has the status of its code', () => {
    expect(new RequestError('store_unavailable', 'x').status).toBe(503);
    expect(new RequestError('idempotency_key_reused', 'x').status).toBe(422);
  });

  it('names the first issue as the parameter at fault, unless another is named', () => {
    const issues = [
      { path: 'input.messages.0.role', message: 'unknown' },
      { path: 'input.model', message: 'missing' },
    ];
    expect(new RequestError('validation_failed', 'x', { issues }).param).toBe('input.messages.0.role');
    expect(new RequestError('validation_failed', 'x', { issues, param: 'body' }).param).toBe('body');
    expect(new RequestError('validation_failed', 'x')).toMatchObject({ param: null, issues: [] });
  });
});

describe('AttemptError', () => {
  it('becomes the error of a job, without what clients are not to see', () => {
    const full = new AttemptError('provider_rate_limited', 'Later.', {
      retryable: true,
      retryAfterMs: 1_000,
      status: 429,
      provider: 'main',
      ambiguous: true,
      cause: new Error('secret'),
    });
    const shown = full.toJobError();
    expect(shown).toEqual({
      code: 'provider_rate_limited',
      message: 'Later.',
      retryable: true,
      status: 429,
      provider: 'main',
    });
    expect(jobErrorSchema.parse(shown)).toEqual(shown);
  });

  it('leaves out status and provider when nobody answered', () => {
    const shown = new AttemptError('deadline_exceeded', 'Late.').toJobError();
    expect(shown).toEqual({ code: 'deadline_exceeded', message: 'Late.', retryable: false });
    expect(new AttemptError('deadline_exceeded', 'Late.').ambiguous).toBe(false);
  });

  it('of another copy of this package is an AttemptError; of a derived class are only its own instances', async () => {
    const { AttemptError: Other } = (await import(`./error.ts?${'copy'}`)) as { AttemptError: typeof AttemptError };
    class Derived extends AttemptError {}
    expect(Other).not.toBe(AttemptError);
    expect(new Other('task_error', 'No.')).toBeInstanceOf(AttemptError);
    expect(new Derived('task_error', 'No.')).toBeInstanceOf(Derived);
    expect(new Other('task_error', 'No.')).not.toBeInstanceOf(Derived);
    expect(new AttemptError('task_error', 'No.')).not.toBeInstanceOf(Derived);
    for (const other of [new CodedError('task_error', 'No.'), {}, null, 'task_error']) {
      expect(other).not.toBeInstanceOf(AttemptError);
    }
  });
});
