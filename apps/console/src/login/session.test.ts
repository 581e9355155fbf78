import type { Redis } from '@holdfast/redis';
import { disconnectRedis } from '@holdfast/redis';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectTestRedis } from '../../testing/console.ts';
import { createSessions, readSessionCookie, type Sessions, writeSessionCookie } from './session.ts';

const adminKey = 'k'.repeat(24);
const owner = { user: 'ann', madeAs: 'one' };
const HOUR_MS = 3_600_000;

let redis: Redis;
let prefix: string;
let count = 0;
beforeAll(async () => {
  redis = await connectTestRedis();
  prefix = `t${process.pid}-sessions`;
});
afterAll(async () => {
  const names = await redis.keys(`${prefix}*`);
  if (names.length > 0) await redis.del(...names);
  await disconnectRedis(redis);
});

/** Sessions under a prefix of their own, with a clock that can be set. */
function open(key = adminKey): { sessions: Sessions; keys: () => Promise<string[]>; clock: { ms: number } } {
  count += 1;
  const own = `${prefix}${count}`;
  const clock = { ms: Date.now() };
  const sessions = createSessions({ redis, prefix: own, adminKey: key, now: () => clock.ms });
  return { sessions, keys: () => redis.keys(`${own}:*`), clock };
}

describe('a session', () => {
  it('is open from its start to its end, and says whose it is', async () => {
    const { sessions } = open();
    const { id, expiresAt } = await sessions.start(owner);
    expect(await sessions.find(id)).toEqual({ id, ...owner, expiresAt });
    await sessions.end(id);
    expect(await sessions.find(id)).toBeNull();
  });

  it('ends twelve hours after the login, however much it is used', async () => {
    const { sessions, clock, keys } = open();
    const { id } = await sessions.start(owner);
    clock.ms += 12 * HOUR_MS - 1_000;
    expect(await sessions.find(id)).not.toBeNull();
    const [key = ''] = await keys();
    expect(await redis.pttl(key)).toBeLessThanOrEqual(1_000);
    clock.ms += 1_000;
    expect(await sessions.find(id)).toBeNull();
  });

  it('ends two hours after its last use', async () => {
    const { sessions, keys } = open();
    const { id } = await sessions.start(owner);
    const [key = ''] = await keys();
    const leftMs = async () => redis.pttl(key);
    expect(await leftMs()).toBeGreaterThan(1.9 * HOUR_MS);
    expect(await leftMs()).toBeLessThanOrEqual(2 * HOUR_MS);
    await redis.pexpire(key, 1_000);
    expect(await sessions.find(id)).not.toBeNull();
    expect(await leftMs()).toBeGreaterThan(1.9 * HOUR_MS);
    await redis.del(key);
    expect(await sessions.find(id)).toBeNull();
  });

  it('ends when the admin key is changed', async () => {
    const own = `${prefix}changed`;
    const { id } = await createSessions({ redis, prefix: own, adminKey }).start(owner);
    const after = createSessions({ redis, prefix: own, adminKey: 'other'.repeat(5) });
    expect(await after.find(id)).toBeNull();
  });

  it('can not be opened with what Redis stores of it', async () => {
    const { sessions, keys } = open();
    const { id } = await sessions.start(owner);
    const [name = ''] = await keys();
    expect([name, await redis.get(name)].join(' ')).not.toContain(id);
    expect(await sessions.find(name.split(':').at(-1) ?? '')).toBeNull();
  });

  it.each(['', '*', '../x', `${'a'.repeat(43)}\n`, 'a'.repeat(5000)])('is not open for %j', async (id) => {
    expect(await open().sessions.find(id)).toBeNull();
  });

  it('has its own CSRF token', async () => {
    const { sessions } = open();
    const [one, two] = [await sessions.start(owner), await sessions.start(owner)];
    expect(sessions.isCsrfToken(one.id, sessions.csrfToken(one.id))).toBe(true);
    for (const wrong of [sessions.csrfToken(two.id), '', undefined, ['a']]) {
      expect(sessions.isCsrfToken(one.id, wrong)).toBe(false);
    }
  });
});

describe('the session cookie', () => {
  it('is for this server only, hidden from scripts, and secure on HTTPS', () => {
    expect(writeSessionCookie('abc', false)).toBe(
      'holdfast_console=abc; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200',
    );
    expect(writeSessionCookie('abc', true)).toMatch(/; Secure$/);
    expect(writeSessionCookie('', false)).toContain('Max-Age=0');
  });

  it('is found among other cookies', () => {
    expect(readSessionCookie('a=1; holdfast_console=abc; b=2')).toBe('abc');
    expect(readSessionCookie('not_holdfast_console=abc')).toBe('');
    expect(readSessionCookie(undefined)).toBe('');
  });
});
