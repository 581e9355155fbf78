import { CodedError } from '@holdfast/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type OwnRedis, rememberingLogger, startOwnRedis, until } from '../testing/redis.ts';
import { connectRedis, disconnectRedis, type Redis, untilReady } from './connect.ts';
import { checkDurability, type DurabilityMode } from './durability.ts';

const { logger } = rememberingLogger();
const good = {
  appendonly: 'yes',
  appendfsync: 'always',
  'no-appendfsync-on-rewrite': 'no',
  'maxmemory-policy': 'noeviction',
};
let own: OwnRedis;
let redis: Redis;

beforeAll(async () => {
  own = await startOwnRedis();
  redis = connectRedis(own.url, 'worker', logger);
  await untilReady(redis, 60_000);
});
afterEach(async () => {
  await set(good);
  // Turning appendonly on writes the file anew; a Redis that does won't end.
  const idle = async () => !/aof_rewrite_(in_progress|scheduled):1/.test(await redis.info('persistence'));
  await until('the file is written', idle);
});
afterAll(async () => {
  await disconnectRedis(redis);
  await own.remove();
});

async function set(settings: Record<string, string>): Promise<void> {
  for (const [setting, value] of Object.entries(settings)) await redis.config('SET', setting, value);
}

async function complaint(asked = redis, mode: DurabilityMode = 'fsync'): Promise<CodedError> {
  const error = await checkDurability(asked, mode).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CodedError)) throw new Error(`expected a complaint, got ${error}`);
  return error;
}

describe('checkDurability', () => {
  it('is content with a server that loses nothing', async () => {
    await expect(checkDurability(redis, 'fsync')).resolves.toBeUndefined();
  });

  it.each([
    ['appendonly', 'no', 'yes'],
    ['appendfsync', 'everysec', 'always'],
    ['appendfsync', 'no', 'always'],
    ['no-appendfsync-on-rewrite', 'yes', 'no'],
    ['maxmemory-policy', 'allkeys-lru', 'noeviction'],
  ])('names %s when it is %s, what it is and how to change it', async (setting, actual, wanted) => {
    await set({ [setting]: actual });
    const { code, message } = await complaint();
    expect(code).toBe('durability_unmet');
    expect(message).toContain(`${setting} is "${actual}": CONFIG SET ${setting} ${wanted}`);
    for (const other of Object.keys(good).filter((name) => name !== setting))
      expect(message).not.toContain(`${other} is`);
  });

  it('names all of them when all are wrong', async () => {
    await set({
      appendonly: 'no',
      appendfsync: 'everysec',
      'no-appendfsync-on-rewrite': 'yes',
      'maxmemory-policy': 'volatile-ttl',
    });
    const { message } = await complaint();
    for (const setting of Object.keys(good)) expect(message).toContain(`CONFIG SET ${setting} `);
  });

  it('requires a replica in mode replica, and says what to do without one', async () => {
    const { code, message } = await complaint(redis, 'replica');
    expect(code).toBe('durability_unmet');
    expect(message).toMatch(/no replica is connected.*--replicaof.*DURABILITY=fsync if one copy is enough/);
    expect(message).not.toContain('CONFIG SET');
    await set({ appendfsync: 'everysec' });
    expect((await complaint(redis, 'replica')).message).toMatch(/CONFIG SET appendfsync always.*no replica/);
  });

  it('asks nothing of the server in memory mode', async () => {
    await set({ appendonly: 'no' });
    await expect(checkDurability(redis, 'memory')).resolves.toBeUndefined();
  });

  it('says that it is unknown where CONFIG is not permitted', async () => {
    await redis.acl('SETUSER', 'limited', 'on', 'nopass', '~*', '+@all', '-config');
    const url = own.url.replace('redis://', 'redis://limited:any@');
    const limited = connectRedis(url, 'worker', logger);
    try {
      await untilReady(limited, 60_000);
      expect(await complaint(limited)).toMatchObject({ code: 'durability_unknown' });
    } finally {
      await disconnectRedis(limited);
    }
  });
});
