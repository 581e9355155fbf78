import { AttemptError, HoldfastError, RequestError } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { describeError } from './logger.ts';

const secret = 'secret-prompt';

/** As ioredis makes them: the command with its arguments hangs on the error. */
function replyError(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError', command: { name: 'hset', args: [secret] } });
}

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('what is logged of an error', () => {
  it('is its kind, code, message and place', () => {
    const described = describeError(new HoldfastError('cannot_listen', "Can't listen."));
    expect(described).toMatchObject({ type: 'HoldfastError', code: 'cannot_listen', message: "Can't listen." });
    expect(described.at?.[0]).toMatch(/logger\.test\.ts:\d+:\d+/);
    expect(described.at?.length).toBeLessThanOrEqual(8);
  });

  it.each([
    ['a JSON error', thrownBy(() => JSON.parse(`{"${secret}`))],
    ['a zod error', thrownBy(() => z.enum(['a'], secret).parse(secret))],
    ['a provider error', new AttemptError('provider_bad_request', `bad: ${secret}`, { cause: new Error(secret) })],
    ['a Redis error', replyError(`WRONGTYPE Operation against ${secret}`)],
    ['an error whose message has lines', new AttemptError('provider_refused', `a\n    at ${secret} (x.ts:1:1)\nb`)],
    ['an error with a cause', new RequestError('store_unavailable', 'away', { cause: replyError(`OOM ${secret}`) })],
    ['an error with fields', Object.assign(new Error('x'), { body: secret, response: { text: secret } })],
    ['a thrown text', secret],
    ['a thrown object', { prompt: secret }],
  ])('holds nothing that a client or a provider said: %s', (_, error) => {
    expect(JSON.stringify(describeError(error))).not.toContain(secret);
  });

  it('keeps the first word of what Redis said: its code', () => {
    expect(describeError(replyError('OOM command not allowed'))).toMatchObject({ type: 'ReplyError', message: 'OOM' });
  });

  it('is bounded', () => {
    expect(describeError(new Error('x'.repeat(10_000))).message).toHaveLength(300);
  });

  it('keeps the code that Node gives, and no code that is no text', () => {
    expect(describeError(Object.assign(new Error('x'), { code: 'ECONNRESET' })).code).toBe('ECONNRESET');
    expect(describeError(Object.assign(new Error('x'), { code: { secret } })).code).toBeUndefined();
  });

  it('can do without a stack', () => {
    const error = new Error('x');
    delete error.stack;
    expect(describeError(error)).toEqual({ type: 'Error', message: 'x' });
    expect(describeError(undefined)).toEqual({ type: 'undefined' });
  });
});
