import { MisconfigurationError } from '@holdfast/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type LoggedLine, type OwnRedis, rememberingLogger, startOwnRedis, until } from '../testing/redis.ts';
import {
  type ConnectionRole,
  connectForPool,
  connectRedis,
  disconnectRedis,
  isStoreUnavailable,
  type Redis,
  untilReady,
} from './connect.ts';
import { refusalOf } from './refusal.ts';

// cspell:ignore shost

const PASSWORD = 'open-sesame';
let own: OwnRedis;
let admin: Redis;
let opened: Redis[] = [];
let lines: LoggedLine[] = [];

beforeAll(async () => {
  own = await startOwnRedis();
  admin = connectRedis(own.url, 'worker', rememberingLogger().logger);
  await untilReady(admin, 60_000);
});
afterEach(async () => {
  await admin.config('SET', 'requirepass', '');
  await Promise.all(opened.map(disconnectRedis));
  opened = [];
});
afterAll(async () => {
  await disconnectRedis(admin);
  await own.remove();
});

const urlWith = (credentials: string) => own.url.replace('redis://', `redis://${credentials}@`);

function connect(url: string, role: ConnectionRole = 'producer'): Redis {
  const remembering = rememberingLogger();
  lines = remembering.lines;
  const redis = connectRedis(url, role, remembering.logger);
  opened.push(redis);
  return redis;
}

async function refusalWhileConnecting(url: string, role?: ConnectionRole): Promise<MisconfigurationError> {
  const error = await untilReady(connect(url, role), 60_000).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof MisconfigurationError)) throw new Error(`expected a refusal, got ${error}`);
  return error;
}

describe('a Redis that refuses a connection at the start', () => {
  it.each<[string, ConnectionRole, string, RegExp]>([
    [
      '',
      'producer',
      'redis_password_missing',
      /requires a password, and REDIS_URL has none .*redis:\/\/:password@host/,
    ],
    ['', 'worker', 'redis_password_missing', /requires a password/],
    [':wrong-secret@', 'producer', 'redis_wrong_password', /refuses the user or the password in REDIS_URL/],
    ['nobody:wrong-secret@', 'worker', 'redis_wrong_password', /Correct them/],
  ])('is explained without the password: redis://%shost as %s', async (credentials, role, code, words) => {
    await admin.config('SET', 'requirepass', PASSWORD);
    const refusal = await refusalWhileConnecting(own.url.replace('redis://', `redis://${credentials}`), role);
    expect(refusal.code).toBe(code);
    expect(refusal.message).toMatch(words);
    // Whoever starts is told: the log would say the same again.
    expect(lines).toEqual([]);
    expect(JSON.stringify([refusal.message, lines])).not.toMatch(/secret|sesame/);
  });

  it('leaves no connection behind that was to be one of a pool', async () => {
    await admin.config('SET', 'requirepass', PASSWORD);
    await expect(connectForPool(urlWith(':wrong-secret'))).rejects.toThrow('refuses the user or the password');
    const named = async () => String(await admin.client('LIST')).match(/name=holdfast-producer/g)?.length ?? 0;
    await until('it is gone', async () => (await named()) === 0);
  });
});

describe('a password that is changed while a process runs', () => {
  it('is logged in one line, and the connection works again by itself once it is changed back', async () => {
    await admin.config('SET', 'requirepass', PASSWORD);
    const redis = connect(urlWith(`:${PASSWORD}`));
    await untilReady(redis, 60_000);
    let tries = 0;
    redis.on('reconnecting', () => {
      tries += 1;
    });
    await admin.config('SET', 'requirepass', 'another');
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await until('it tries again and again', () => tries >= 5);
    const error = await redis.get('x').catch((thrown: unknown) => thrown);
    expect(isStoreUnavailable(error)).toBe(true);
    await admin.config('SET', 'requirepass', PASSWORD);
    await until('it is back', () => redis.status === 'ready');
    expect(await redis.get('x')).toBeNull();
    expect(lines).toEqual([
      {
        level: 'error',
        fields: { role: 'producer', code: 'redis_wrong_password' },
        message: expect.stringMatching(/^Redis refuses the user or the password in REDIS_URL \(WRONGPASS\)\. /),
      },
      { level: 'info', fields: { role: 'producer' }, message: 'redis is back' },
    ]);
  });
});

describe('a command that Redis refuses', () => {
  it('of a user without the right is a refusal, in a script too, and means "unavailable"', async () => {
    await admin.acl('SETUSER', 'narrow', 'on', `>${PASSWORD}`, '~hf:*', '+@all', '-getdel');
    const redis = connect(urlWith(`narrow:${PASSWORD}`));
    await untilReady(redis, 60_000);
    const asked = [
      redis.getdel('hf:1'),
      redis.get('other'),
      redis.eval("return redis.call('GET', 'other')", 0),
      redis.eval("return redis.call('GETDEL', 'hf:1')", 0),
      redis.publish('hf:1', 'x'),
      redis.eval("return redis.call('PUBLISH', 'hf:1', 'x')", 0),
    ];
    for (const reply of await Promise.allSettled(asked)) {
      const { reason } = reply as PromiseRejectedResult;
      expect(isStoreUnavailable(reason)).toBe(true);
      expect(refusalOf(reason)).toMatchObject({
        code: 'redis_not_permitted',
        message: expect.stringMatching(
          /^The user of REDIS_URL lacks rights in Redis \(NOPERM\): .*docs\/operate\/redis\.md/,
        ),
      });
    }
    await admin.acl('DELUSER', 'narrow');
  });

  it('because it is wrong is none', async () => {
    const wrong = await admin.eval('return nonsense(', 0).catch((error: unknown) => error);
    expect(refusalOf(wrong)).toBeNull();
    for (const not of [new Error('NOAUTH x'), new TypeError('x'), null, undefined, 'READONLY']) {
      expect(refusalOf(not)).toBeNull();
    }
  });
});
