import type { Redis } from '@holdfast/redis';
import { describe, expect, it } from '@jest/globals';
import { createSessions, readSessionCookie, writeSessionCookie } from './session.ts';

/** The part of Redis that sessions need, in memory. */
function memoryRedis() {
  const names = new Set<string>();
  const redis = {
    set: async (name: string) => names.add(name),
    exists: async (name: string) => (names.has(name) ? 1 : 0),
    del: async (name: string) => names.delete(name),
  } as unknown as Redis;
  return { redis, names };
}

const adminKey = 'k'.repeat(24);

describe('a session', () => {
  it('is open from its start to its end', async () => {
    const sessions = createSessions({ ...memoryRedis(), prefix: 'hf', adminKey });
    const id = await sessions.start();
    expect(await sessions.isOpen(id)).toBe(true);
    await sessions.end(id);
    expect(await sessions.isOpen(id)).toBe(false);
  });

  it('ends when the admin key is changed', async () => {
    const { redis } = memoryRedis();
    const id = await createSessions({ redis, prefix: 'hf', adminKey }).start();
    expect(await createSessions({ redis, prefix: 'hf', adminKey: 'other'.repeat(5) }).isOpen(id)).toBe(false);
  });

  it('can not be opened with what Redis stores of it', async () => {
    const { redis, names } = memoryRedis();
    const sessions = createSessions({ redis, prefix: 'hf', adminKey });
    const id = await sessions.start();
    const [name = ''] = names;
    expect(name).not.toContain(id);
    expect(await sessions.isOpen(name.split(':').at(-1) ?? '')).toBe(false);
  });

  it.each(['', '*', '../x', `${'a'.repeat(43)}\n`, 'a'.repeat(5000)])('is not open for %j', async (id) => {
    const redis = { exists: async () => 1 } as unknown as Redis;
    expect(await createSessions({ redis, prefix: 'hf', adminKey }).isOpen(id)).toBe(false);
  });

  it('has its own form token', async () => {
    const sessions = createSessions({ ...memoryRedis(), prefix: 'hf', adminKey });
    const [one, two] = [await sessions.start(), await sessions.start()];
    expect(sessions.isFormToken(one, sessions.formToken(one))).toBe(true);
    for (const wrong of [sessions.formToken(two), '', undefined, ['a']]) {
      expect(sessions.isFormToken(one, wrong)).toBe(false);
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
