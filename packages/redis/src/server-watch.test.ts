import { MisconfigurationError, RequestError } from '@holdfast/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type LoggedLine,
  type OwnRedis,
  promote,
  rememberingLogger,
  replicate,
  startOwnRedis,
  until,
} from '../testing/redis.ts';
import { connectRedis, disconnectRedis, type Redis, untilReady } from './connect.ts';
import type { DurabilityMode } from './durability.ts';
import { DurableWrites } from './durable-writes.ts';
import { ServerWatch } from './server-watch.ts';

const names = { keys: ['hf:', '{hf:0}:'], channels: ['{hf:0}:'] };
let own: OwnRedis;
let other: OwnRedis;
let admin: Redis;
let closeLater: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  [own, other] = await Promise.all([startOwnRedis(), startOwnRedis()]);
  admin = connectRedis(own.url, 'worker', rememberingLogger().logger);
  await untilReady(admin, 60_000);
});
afterEach(async () => {
  for (const close of closeLater) await close();
  closeLater = [];
  await admin.config('SET', 'appendfsync', 'always');
});
afterAll(async () => {
  await disconnectRedis(admin);
  await Promise.all([own.remove(), other.remove()]);
});

interface Watched {
  redis: Redis;
  watch: ServerWatch;
  writes: DurableWrites;
  lines: LoggedLine[];
}

async function watchOver(url = own.url, mode: DurabilityMode = 'fsync'): Promise<Watched> {
  const { logger, lines } = rememberingLogger();
  const redis = connectRedis(url, 'producer', logger);
  closeLater.push(() => disconnectRedis(redis));
  await untilReady(redis, 60_000);
  const watch = new ServerWatch({ redis, mode, names, logger });
  await watch.start();
  closeLater.push(() => watch.stop());
  const writes = new DurableWrites({ mode, redis, prefix: 'hf', watch, connect: async () => redis });
  return { redis, watch, writes, lines };
}

const write = ({ writes }: Watched) => writes.run((redis) => redis.set('hf:written', '1'));
const refused = async (watched: Watched) =>
  write(watched).then(
    () => null,
    (error: unknown) => error,
  );

/** Makes a user with these rules, and the address that it connects by. */
async function userWith(...rules: string[]): Promise<string> {
  await admin.acl('SETUSER', 'app', 'reset', 'on', '>pw', ...rules);
  return own.url.replace('redis://', 'redis://app:pw@');
}

const everything = ['+@all', '~*', '&*'];

describe('a watched Redis', () => {
  it('that is as it has to be lets writes pass, and nothing is said', async () => {
    const watched = await watchOver();
    expect(await write(watched)).toBe('OK');
    expect(watched.watch.admitWrite()).toBeNull();
    expect(watched.lines).toEqual([]);
  });

  it('whose appendfsync is changed refuses writes, with the reason, until it is set back; one line each', async () => {
    const watched = await watchOver();
    await admin.config('SET', 'appendfsync', 'everysec');
    await until('writes are refused', async () => (await refused(watched)) !== null);
    expect(await refused(watched)).toMatchObject({
      code: 'durability_unmet',
      status: 503,
      retryAfterMs: 2_000,
      message: expect.stringMatching(/^The job store is not set up as DURABILITY=fsync demands/),
    });
    await watched.watch.check();
    await admin.config('SET', 'appendfsync', 'always');
    await until('writes pass', async () => (await refused(watched)) === null);
    expect(watched.lines).toEqual([
      {
        level: 'error',
        fields: { code: 'durability_unmet' },
        message: expect.stringContaining('appendfsync is "everysec": CONFIG SET appendfsync always'),
      },
      { level: 'info', fields: { code: 'durability_unmet' }, message: 'redis is set up correctly again' },
    ]);
  });

  it('is asked again on every reconnect, before anything is written', async () => {
    const watched = await watchOver();
    await admin.config('SET', 'appendfsync', 'everysec');
    // The very first write over the new connection: no look of the clock has come between.
    const first = new Promise((resolve) => watched.redis.once('ready', () => resolve(refused(watched))));
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    expect(await first).toMatchObject({ code: 'durability_unmet' });
  });

  it('asks nothing of the settings in mode memory', async () => {
    await admin.config('SET', 'appendfsync', 'everysec');
    const watched = await watchOver(own.url, 'memory');
    expect(await write(watched)).toBe('OK');
  });
});

describe('a replica', () => {
  it('is refused at the start, and where a failover has made one of the master; promoted, it is written to again', async () => {
    const watched = await watchOver(other.url);
    expect(await write(watched)).toBe('OK');
    await replicate(own, other);
    await expect(watchOver(other.url)).rejects.toMatchObject({
      code: 'redis_is_replica',
      message: expect.stringMatching(/because it is a replica \(READONLY\)\. .*put the master into REDIS_URL/),
    });
    await until('it is known', () => watched.watch.fault !== null);
    expect(await refused(watched)).toMatchObject({ code: 'store_unavailable', status: 503 });
    await promote(other);
    await until('writes pass', async () => (await refused(watched)) === null);
    const logged = watched.lines.filter(({ fields }) => 'code' in fields && fields.code === 'redis_is_replica');
    expect(logged.map(({ level }) => level)).toEqual(['error', 'info']);
  });
});

describe('a user of Redis with too few rights', () => {
  const complaint = async (url: string) => {
    const error = await watchOver(url).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof MisconfigurationError)) throw new Error(`expected a complaint, got ${error}`);
    return error.message;
  };

  it.each<[string, string[], string]>([
    ['a command', [...everything, '-zadd'], 'it may not run zadd'],
    ['commands', [...everything, '-publish', '-evalsha'], 'it may not run evalsha, publish'],
    ['a subcommand', [...everything, '-config'], 'it may not run config|get'],
    ['scripts', [...everything, '-eval'], 'it may not run eval'],
    ['keys', ['+@all', '&*', '~hf:*'], 'it may not use keys that begin with {hf:0}:'],
    ['all keys', ['+@all', '&*', '~other:*'], 'it may not use keys that begin with hf: or {hf:0}:'],
    ['writing keys', ['+@all', '&*', '%R~*'], 'it may not run set, '],
    ['channels', ['+@all', '~*'], 'it may not use channels that begin with {hf:0}:'],
    ['both', ['+@all', '-get', '~*'], 'it may not run get, and not use channels that begin with {hf:0}:'],
  ])('says at the start what is missing: %s', async (_, rules, missing) => {
    const message = await complaint(await userWith(...rules));
    expect(message).toContain(`The user of REDIS_URL lacks rights in Redis (NOPERM): ${missing}`);
  });

  it('has enough of them once the suggested command was run', async () => {
    const message = await complaint(await userWith());
    const [, command = ''] = /Grant them: (ACL SETUSER app .*)$/.exec(message) ?? [];
    const [name = '', ...args] = command.split(' ');
    await admin.call(name, ...args);
    const watched = await watchOver(await own.url.replace('redis://', 'redis://app:pw@'));
    expect(await write(watched)).toBe('OK');
  });

  it('is logged in one line while it runs, and writes are refused until they are permitted again', async () => {
    const watched = await watchOver(await userWith(...everything));
    await admin.acl('SETUSER', 'app', '-hset');
    await until('it is known', () => watched.watch.fault !== null);
    expect(await refused(watched)).toMatchObject({ code: 'store_unavailable' });
    await admin.acl('SETUSER', 'app', '+hset');
    await until('writes pass', async () => (await refused(watched)) === null);
    expect(watched.lines.map(({ level }) => level)).toEqual(['error', 'info']);
    expect(watched.lines[0]?.message).toContain('it may not run hset');
  });
});

describe('a quiet logger', () => {
  it('drops failures of a Redis whose fault is known, or is found out because of them, and lets others pass', async () => {
    const watched = await watchOver(await userWith(...everything));
    const quiet = watched.watch.quiet({
      ...rememberingLogger().logger,
      warn: (fields, message) => warned.push({ fields, message }),
    });
    const warned: object[] = [];
    await admin.acl('SETUSER', 'app', '-hset');
    const error = await watched.redis.hset('hf:h', 'a', '1').catch((thrown: unknown) => thrown);
    quiet.warn({ error }, 'append failed');
    await until('it is known', () => watched.watch.fault !== null);
    quiet.warn({ error }, 'append failed');
    expect(warned).toEqual([]);
    const own = new RequestError('durability_unmet', 'no replica');
    quiet.warn({ error: own }, 'not confirmed');
    expect(warned).toEqual([{ fields: { error: own }, message: 'not confirmed' }]);
  });

  it('lets a refusal pass that nothing explains', async () => {
    const watched = await watchOver(await userWith(...everything));
    const warned: object[] = [];
    const quiet = watched.watch.quiet({
      ...rememberingLogger().logger,
      warn: (fields, message) => warned.push({ fields, message }),
    });
    await admin.acl('SETUSER', 'app', '-getdel');
    const error = await watched.redis.getdel('hf:1').catch((thrown: unknown) => thrown);
    quiet.warn({ error }, 'not deleted');
    await until('it is told', () => warned.length === 1);
    expect(watched.watch.fault).toBeNull();
  });
});
