import { disconnectRedis, type Redis } from '@holdfast/redis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { connectTestRedis } from '../../testing/console.ts';
import { AuditLog, type NewEntry } from './audit-log.ts';

let redis: Redis;
const prefix = `t${process.pid}-audit`;
const warnings: string[] = [];
const logger = { warn: (_fields: object, message: string) => void warnings.push(message) };
beforeAll(async () => {
  redis = await connectTestRedis();
});
afterEach(async () => {
  const names = await redis.keys(`${prefix}:*`);
  if (names.length > 0) await redis.del(...names);
});
afterAll(() => disconnectRedis(redis));

const open = (maxEntries?: { acts: number; refused: number }) =>
  new AuditLog({ redis, prefix, logger, ...(maxEntries ? { maxEntries } : {}) });

const act = (change: Partial<NewEntry> = {}): NewEntry => ({
  user: 'ann',
  role: 'admin',
  action: 'tenant.set',
  target: 'acme',
  tenant: 'acme',
  details: { plan: 'free' },
  address: '127.0.0.1',
  ...change,
});

describe('the audit log', () => {
  it('has an act from before it is done, and its outcome when it is over', async () => {
    const audit = open();
    const entry = await audit.begin(act());
    expect((await audit.read({ limit: 10 })).data).toEqual([expect.objectContaining({ ...act(), outcome: null })]);
    await audit.end(entry, 'done', { target: 'key1', details: { made: 2 } });
    const { data } = await audit.read({ limit: 10 });
    expect(data).toEqual([
      expect.objectContaining({ id: entry.id, target: 'key1', details: { plan: 'free', made: 2 }, outcome: 'done' }),
    ]);
    expect(Math.abs(Date.parse(data[0]?.at ?? '') - Date.now())).toBeLessThan(60_000);
  });

  it('refuses an act that it can not write down', async () => {
    await redis.set(`${prefix}:audit`, 'not a list');
    await expect(open().begin(act())).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  it('logs that the outcome of an act is missing: the act has happened', async () => {
    const audit = open();
    const entry = await audit.begin(act());
    await redis.set(`${prefix}:audit:entries`, 'not a hash');
    await audit.end(entry, 'done');
    expect(warnings).toContain('the audit log lacks the outcome of an act');
  });

  it('is read page by page, newest first, each entry once, refused logins among the rest', async () => {
    const audit = open();
    for (let at = 0; at < 12; at += 1) {
      if (at % 4 === 3) await audit.refusedLogin('10.0.0.1', 'unauthenticated');
      else await audit.begin(act({ target: `t${at}` }));
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const { data, next } = await audit.read({ limit: 5, cursor });
      expect(data.length).toBeLessThanOrEqual(5);
      seen.push(...data.map(({ action, target }) => target ?? action));
      cursor = next ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toHaveLength(12);
    expect(seen.filter((one) => one === 'login.refused')).toHaveLength(3);
    expect(new Set(seen).size).toBe(10);
  });

  it('is filtered by user, action and target, and finds the few among many', async () => {
    const audit = open();
    await audit.begin(act({ user: 'bob', action: 'job.delete', target: 'job_a' }));
    for (let at = 0; at < 250; at += 1) await audit.begin(act());
    const find = async (filter: object) => (await audit.read({ limit: 10, ...filter })).data.map(({ user }) => user);
    expect(await find({ user: 'bob' })).toEqual(['bob']);
    expect(await find({ action: 'job.delete' })).toEqual(['bob']);
    expect(await find({ target: 'job_a' })).toEqual(['bob']);
    expect(await find({ user: 'bob', target: 'acme' })).toEqual([]);
    await expect(audit.read({ limit: 10, cursor: 'x' })).rejects.toMatchObject({
      code: 'invalid_cursor',
      param: 'cursor',
    });
  });

  it('keeps no more entries than its bound, and strangers push no act out', async () => {
    const audit = open({ acts: 100, refused: 50 });
    await audit.begin(act({ target: 'oldest' }));
    for (let at = 0; at < 300; at += 1) await audit.refusedLogin('10.0.0.1', 'unauthenticated');
    const { data } = await audit.read({ limit: 1, target: 'oldest' });
    expect(data).toHaveLength(1);
    expect(await redis.zcard(`${prefix}:audit:refused`)).toBeLessThanOrEqual(100);
    for (let at = 0; at < 200; at += 1) await audit.begin(act());
    expect(await redis.zcard(`${prefix}:audit`)).toBeLessThanOrEqual(150);
    expect(await redis.hlen(`${prefix}:audit:entries`)).toBe(await redis.zcard(`${prefix}:audit`));
    expect((await audit.read({ limit: 1, target: 'oldest' })).data).toEqual([]);
  });

  it('forgets entries after 400 days', async () => {
    const audit = open();
    const old = `${(Date.now() - 401 * 86_400_000).toString(36).padStart(9, '0')}-${'0'.repeat(16)}`;
    await redis.zadd(`${prefix}:audit`, 0, old);
    await redis.hset(`${prefix}:audit:entries`, old, JSON.stringify({ ...act(), outcome: 'done' }));
    await audit.begin(act());
    expect(await redis.zcard(`${prefix}:audit`)).toBe(1);
    expect(await redis.hlen(`${prefix}:audit:entries`)).toBe(1);
  });
});
