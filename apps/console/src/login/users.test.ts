import { disconnectRedis, type Redis } from '@holdfast/redis';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectTestRedis } from '../../testing/console.ts';
import { createUsers, type Users } from './users.ts';

let redis: Redis;
let users: Users;
const prefix = `t${process.pid}-users`;
const adminKey = 'k'.repeat(24);
beforeAll(async () => {
  redis = await connectTestRedis();
  users = createUsers({ redis, prefix, adminKey });
});
afterAll(async () => {
  await redis.del(...(await redis.keys(`${prefix}:*`)));
  await disconnectRedis(redis);
});

describe('a user of the console', () => {
  it('is found by its name and its key, of which Redis has only a digest', async () => {
    const { key, ...made } = await users.create('ann', 'operator');
    expect(await users.find('ann')).toMatchObject(made);
    expect(await users.findByKey(key)).toMatchObject({ name: 'ann', role: 'operator' });
    expect(await users.findByKey(`${key.slice(0, -1)}${key.endsWith('a') ? 'b' : 'a'}`)).toBeNull();
    const stored = await Promise.all((await redis.keys(`${prefix}:*`)).map((name) => redis.hgetall(name)));
    expect(JSON.stringify(stored)).not.toContain(key.slice(-20));
    expect(await createUsers({ redis, prefix, adminKey: 'other'.repeat(6) }).findByKey(key)).toBeNull();
  });

  it('has a name that nobody else has, and not that of the admin', async () => {
    await users.create('bob', 'viewer');
    await expect(users.create('bob', 'admin')).rejects.toMatchObject({ code: 'user_exists', param: 'name' });
    await expect(users.create('admin', 'viewer')).rejects.toMatchObject({ code: 'user_exists' });
    expect(await users.find('bob')).toMatchObject({ role: 'viewer' });
  });

  it('that was removed has no key, no role, and is not brought back by a late change', async () => {
    const { key } = await users.create('eve', 'admin');
    const before = await users.find('eve');
    expect(await users.remove('eve')).toBe(true);
    expect([await users.find('eve'), await users.findByKey(key), await users.change('eve', 'viewer')]).toEqual([
      null,
      null,
      null,
    ]);
    await users.loggedIn({ madeAs: before?.madeAs ?? '' });
    expect(await users.remove('eve')).toBe(false);
    const again = await users.create('eve', 'viewer');
    expect(await users.findByKey(key)).toBeNull();
    expect(await users.findByKey(again.key)).toMatchObject({ role: 'viewer', last_login_at: null });
    expect((await users.find('eve'))?.madeAs).not.toBe(before?.madeAs);
  });

  it('of single sign-on gets its role at each login, and never the name of a user with a key', async () => {
    expect(await users.admit('dan@example.com', 'operator')).toMatchObject({ role: 'operator', login: 'oidc' });
    expect(await users.admit('dan@example.com', 'viewer')).toMatchObject({ role: 'viewer' });
    await users.create('key-user', 'viewer');
    await expect(users.admit('key-user', 'admin')).rejects.toMatchObject({ code: 'user_exists' });
    expect(await users.find('key-user')).toMatchObject({ role: 'viewer', login: 'key' });
  });
});
