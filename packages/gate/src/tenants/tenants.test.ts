import { randomBytes } from 'node:crypto';
import { connectRedis, disconnectRedis, type Redis, untilReady } from '@holdfast/redis';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sharedRedisUrl } from '../../../core/testing/shared-redis.ts';
import { createTenants } from './tenants.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const prefix = `t${randomBytes(6).toString('hex')}`;
let redis: Redis;

beforeAll(async () => {
  const url = sharedRedisUrl();
  redis = connectRedis(url, 'worker', silent);
  await untilReady(redis, 60_000);
});

afterAll(async () => {
  const keys = await redis.keys(`${prefix}:*`);
  if (keys.length > 0) await redis.del(...keys);
  await disconnectRedis(redis);
});

describe('tenants', () => {
  it('are stored with their plan or limits', async () => {
    const tenants = createTenants({ redis, prefix });
    const acme = await tenants.put('acme', { plan: 'free' });
    expect(acme).toMatchObject({ id: 'acme', plan: 'free', limits: null });
    expect(await tenants.get('acme')).toEqual(acme);
    const bolt = await tenants.put('bolt', { limits: { max_running: 5 } });
    expect(bolt).toMatchObject({ plan: null, limits: { max_running: 5 } });
    expect((await tenants.list()).map(({ id }) => id)).toEqual(['acme', 'bolt']);
  });

  it('keep the time of their creation when their settings are replaced whole', async () => {
    const tenants = createTenants({ redis, prefix });
    const before = await tenants.put('again', { plan: 'free' });
    const after = await tenants.put('again', { limits: {} });
    expect(after).toEqual({ id: 'again', plan: null, limits: {}, created_at: before.created_at });
  });

  it.each(['', 'Acme', '-a', 'a:b', '../a', 'a*', 'a'.repeat(64), 'a\n', '__proto__'])(
    'refuse %j as an id',
    async (id) => {
      const tenants = createTenants({ redis, prefix });
      await expect(tenants.put(id, {})).rejects.toMatchObject({ code: 'validation_failed', param: 'tenant' });
      expect(await tenants.get(id)).toBeNull();
    },
  );

  it('are null for an unknown tenant', async () => {
    expect(await createTenants({ redis, prefix }).get('nobody')).toBeNull();
    expect(await createTenants({ redis, prefix: `${prefix}x` }).list()).toEqual([]);
  });
});
