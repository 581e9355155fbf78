import { AttemptError, CodedError, RequestError } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { createLogger, describeError } from './logger.ts';

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
    const described = describeError(new CodedError('cannot_listen', "Can't listen."));
    expect(described).toMatchObject({ type: 'CodedError', code: 'cannot_listen', message: "Can't listen." });
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

  it('keeps the code that Node gives, and drops a code that is not text', () => {
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

describe('a log under a storm of errors', () => {
  interface Line {
    level: string;
    msg: string;
    at?: number;
    suppressed?: number;
    err?: { message: string };
  }

  function stormyLog() {
    const lines: Line[] = [];
    const clock = { ms: 0 };
    const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Line) };
    return { lines, clock, logger: createLogger('test', 'debug', { now: () => clock.ms, destination }) };
  }

  it('has ten lines a second of level warn and above, of all requests together', () => {
    const { lines, clock, logger } = stormyLog();
    const [first, second] = [logger.child({}), logger.child({})];
    for (clock.ms = 0; clock.ms < 3_000; clock.ms += 1) {
      (clock.ms % 2 ? first : second)[clock.ms % 3 ? 'warn' : 'error']({ at: clock.ms }, 'failed');
    }
    expect(lines.length).toBeGreaterThanOrEqual(38);
    // Ten at once at the beginning, then one every 100 ms.
    expect(lines.length).toBeLessThanOrEqual(40);
  });

  it('says in the next line how many were held back, and loses none of what that line says', () => {
    const { lines, clock, logger } = stormyLog();
    for (let at = 0; at < 25; at++) logger.warn({ at }, 'failed');
    clock.ms = 300;
    logger.error({ at: 25 }, 'failed');
    for (let at = 0; at < 3; at++) logger.error(new Error('boom'));
    clock.ms = 500;
    logger.error(new Error('boom'), 'again');
    logger.fatal('plain');
    expect(lines.slice(0, 10).map(({ suppressed }) => suppressed)).toEqual(Array(10).fill(undefined));
    expect(lines[10]).toMatchObject({ level: 'error', at: 25, msg: 'failed', suppressed: 15 });
    expect(lines.slice(11, 13).map(({ suppressed }) => suppressed)).toEqual([undefined, undefined]);
    expect(lines[13]).toMatchObject({ level: 'error', msg: 'again', err: { message: 'boom' }, suppressed: 1 });
    expect(lines[14]).toMatchObject({ level: 'fatal', msg: 'plain' });
    expect(lines).toHaveLength(15);
  });

  it('has every line of level info and debug, and those don’t count against the others', () => {
    const { lines, logger } = stormyLog();
    for (let at = 0; at < 50; at++) {
      logger.info({ at }, 'said');
      logger.debug({ at }, 'said');
    }
    logger.warn({}, 'failed');
    expect(lines).toHaveLength(101);
    expect(lines.at(-1)).toMatchObject({ level: 'warn', msg: 'failed' });
  });
});
