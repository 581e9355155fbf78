import { randomBytes } from 'node:crypto';
import { connectRedis, disconnectRedis, type Redis, untilReady } from '@holdfast/redis';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sharedRedisUrl } from '../../../core/testing/shared-redis.ts';
import { createTenants } from '../tenants/tenants.ts';
import { createApiKeys } from './api-keys.ts';

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

/** As another process sees it: same Redis, nothing remembered, its own clock. */
function setUp() {
  const clock = { ms: 0 };
  return { clock, apiKeys: createApiKeys({ redis, prefix, now: () => clock.ms }) };
}

describe('an API key that was made here', () => {
  it('is found with its tenant, scopes and tasks', async () => {
    const { apiKeys } = setUp();
    const { id, key } = await apiKeys.create('acme', { scopes: ['submit'], tasks: ['chat.completions'] });
    expect(await apiKeys.find(key)).toEqual({
      tenant: 'acme',
      keyId: id,
      scopes: ['submit'],
      tasks: ['chat.completions'],
    });
  });

  it('leaves no trace of its secret in Redis', async () => {
    const { key } = await setUp().apiKeys.create('secretive', { scopes: ['read'] });
    const secret = key.slice(key.lastIndexOf('_') + 1);
    const names = await redis.keys(`${prefix}:*`);
    const values = await Promise.all(
      names.map(async (name) => ((await redis.type(name)) === 'hash' ? redis.hvals(name) : [await redis.get(name)])),
    );
    expect(names.length).toBeGreaterThan(0);
    expect(JSON.stringify([names, values])).not.toContain(secret);
  });

  it('is listed without secrets', async () => {
    const { apiKeys } = setUp();
    const { id } = await apiKeys.create('lister', { scopes: ['submit', 'read', 'read'] });
    expect(await apiKeys.list('lister')).toEqual([
      {
        id,
        scopes: ['submit', 'read'],
        tasks: null,
        bootstrap: false,
        created_at: expect.any(String),
        expires_at: null,
      },
    ]);
  });

  it('costs Redis one look-up for many requests', async () => {
    const { key } = await setUp().apiKeys.create('acme', { scopes: ['read'] });
    let lookUps = 0;
    const counting = {
      get: (name: string) => {
        lookUps += 1;
        return redis.get(name);
      },
    } as unknown as Redis;
    const apiKeys = createApiKeys({ redis: counting, prefix });
    for (let request = 0; request < 20; request += 1) expect(await apiKeys.find(key)).not.toBeNull();
    expect(lookUps).toBe(1);
  });

  it('is refused for a tenant id that could not be one', async () => {
    await expect(setUp().apiKeys.create('a:b', { scopes: ['read'] })).rejects.toMatchObject({
      code: 'validation_failed',
    });
  });
});

describe('a revoked API key', () => {
  it('is unknown at once where it was revoked, and elsewhere after 3 s', async () => {
    const here = setUp();
    const there = setUp();
    const { id, key } = await here.apiKeys.create('acme', { scopes: ['read'] });
    expect(await here.apiKeys.find(key)).not.toBeNull();
    expect(await there.apiKeys.find(key)).not.toBeNull();

    expect(await here.apiKeys.revoke('acme', id)).toBe(true);

    expect(await here.apiKeys.find(key)).toBeNull();
    there.clock.ms = 3_000;
    expect(await there.apiKeys.find(key)).toBeNull();
    expect((await here.apiKeys.list('acme')).map((listed) => listed.id)).not.toContain(id);
  });

  it('can not be revoked a second time, nor by another tenant', async () => {
    const { apiKeys } = setUp();
    const { id, key } = await apiKeys.create('acme', { scopes: ['read'] });
    expect(await apiKeys.revoke('stranger', id)).toBe(false);
    expect(await apiKeys.find(key)).not.toBeNull();
    expect(await apiKeys.revoke('acme', id)).toBe(true);
    expect(await apiKeys.revoke('acme', id)).toBe(false);
  });
});

describe('a text that is not a key', () => {
  it('is unknown', async () => {
    expect(await setUp().apiKeys.find(`hold_${'x'.repeat(30)}`)).toBeNull();
  });

  it.each(['', 'hold_', `hold_${'a'.repeat(1_000_000)}`, 'sk-1234567890123456789012345', `hold_${'a'.repeat(30)} `])(
    'is refused without asking Redis (case %#)',
    async (text) => {
      const unreachable = connectRedis('redis://127.0.0.1:1', 'producer', silent);
      try {
        const apiKeys = createApiKeys({ redis: unreachable, prefix });
        expect(await apiKeys.find(text)).toBeNull();
        await expect(apiKeys.find(`hold_${'x'.repeat(30)}`)).rejects.toThrow();
      } finally {
        await disconnectRedis(unreachable);
      }
    },
  );
});

describe('a bootstrap key', () => {
  const newBootstrapKey = () => `hold_bootstrap_${randomBytes(12).toString('hex')}`;

  it('works for its tenant, which is created if it does not exist', async () => {
    const { apiKeys } = setUp();
    const key = newBootstrapKey();
    expect(await apiKeys.find(key)).toBeNull();
    expect(await apiKeys.ensure('fresh', key)).toBe('created');
    expect(await apiKeys.find(key)).toMatchObject({ tenant: 'fresh', scopes: ['submit', 'read'], tasks: null });
    expect(await createTenants({ redis, prefix }).get('fresh')).toMatchObject({ plan: null, limits: null });
  });

  it('is one key however many processes ensure it at once, and keeps its tenant as it is', async () => {
    const key = newBootstrapKey();
    await createTenants({ redis, prefix }).put('busy', { plan: 'free' });
    const results = await Promise.all(Array.from({ length: 5 }, () => setUp().apiKeys.ensure('busy', key)));
    expect(results.sort()).toEqual(['created', 'present', 'present', 'present', 'present']);
    const listed = await setUp().apiKeys.list('busy');
    expect(listed).toHaveLength(1);
    expect(listed[0]).toMatchObject({ bootstrap: true, id: (await setUp().apiKeys.find(key))?.keyId });
    expect(await createTenants({ redis, prefix }).get('busy')).toMatchObject({ plan: 'free' });
  });

  it('stays revoked', async () => {
    const { apiKeys } = setUp();
    const key = newBootstrapKey();
    await apiKeys.ensure('strict', key);
    const [listed] = await apiKeys.list('strict');
    await apiKeys.revoke('strict', listed?.id ?? '');
    expect(await apiKeys.ensure('strict', key)).toBe('revoked');
    expect(await apiKeys.find(key)).toBeNull();
    expect(await apiKeys.list('strict')).toEqual([]);
  });

  it('is refused when it is too short or belongs to another tenant', async () => {
    const { apiKeys } = setUp();
    await expect(apiKeys.ensure('acme', 'hold_short')).rejects.toMatchObject({ code: 'bootstrap_key_invalid' });
    const key = newBootstrapKey();
    await apiKeys.ensure('owner', key);
    await expect(apiKeys.ensure('thief', key)).rejects.toMatchObject({ code: 'bootstrap_key_taken' });
  });
});
