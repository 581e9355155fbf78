/** Logging in through the admin API: sessions, their end, and what bounds guessing. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { refusal, startConsole, type TestConsole } from '../../testing/console.ts';

let running: TestConsole;
beforeAll(async () => {
  running = await startConsole({ TRUST_PROXY: '127.0.0.0/8' });
});
beforeEach(() => running.resetThrottle());
afterAll(() => running.cleanUp());

const admin = () => running.as({ key: running.adminKey });
const logIn = (key: string, headers: Record<string, string> = {}) =>
  running.request('/admin/v1/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ key }),
  });
const from = (address: string) => ({ 'x-forwarded-for': address });
/** Asks until one answer is a 429: a minute of the clock may end in between. @returns the answers before it */
async function untilThrottled(ask: () => Promise<Response>): Promise<number[]> {
  const statuses: number[] = [];
  while (statuses.length < 200) {
    const { status } = await ask();
    if (status === 429) return statuses;
    statuses.push(status);
  }
  return statuses;
}

describe('logging in', () => {
  it('tells strangers the ways in, and nothing else', async () => {
    expect(await (await running.get('/admin/v1/login')).json()).toEqual({ oidc: null, oidc_problem: null });
  });

  it('with a key starts a session: a cookie, a role and a CSRF token', async () => {
    const { key } = await admin().call('createUser', { body: { name: 'ann', role: 'operator' } });
    const answer = await logIn(` ${key} `);
    expect(answer.headers.get('set-cookie')).toMatch(
      /^holdfast_console=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; /,
    );
    const session = (await answer.json()) as { csrf_token: string; expires_at: string };
    expect(session).toEqual({
      user: 'ann',
      role: 'operator',
      expires_at: expect.any(String),
      csrf_token: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const inMs = Date.parse(session.expires_at) - Date.now();
    expect(Math.abs(inMs - 12 * 3_600_000)).toBeLessThan(60_000);
    const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
    const ann = running.as({ cookie, csrf: session.csrf_token });
    expect(await ann.call('session', {})).toEqual(session);
    expect((await admin().call('users', {})).data).toContainEqual(
      expect.objectContaining({ name: 'ann', last_login_at: expect.any(String) }),
    );
    await ann.call('logout', {});
    await expect(ann.call('session', {})).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('with a wrong key is refused, and the audit log has from where', async () => {
    const answer = await logIn('wrong-key-of-some-length', from('10.1.1.1'));
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(await refusal(answer, { withParam: true })).toBe('401 unauthenticated at key');
    const { data } = await admin().call('audit', { query: { action: 'login.refused' } });
    expect(data[0]).toMatchObject({ user: '', address: '10.1.1.1', outcome: 'unauthenticated', details: {} });
  });

  it('is bounded by address, for the right key too, and another address is not bound by it', async () => {
    const statuses = await untilThrottled(() => logIn('wrong', from('10.2.2.2')));
    expect(statuses.length).toBeGreaterThanOrEqual(10);
    expect(new Set(statuses)).toEqual(new Set([401]));
    expect((await logIn(running.adminKey, from('10.2.2.3'))).status).toBe(200);
    // A header that the client has made up is left of what the proxy has added.
    expect((await logIn('wrong', from('10.2.2.9, 10.2.2.2'))).status).toBe(429);
  });

  it('is bounded by the beginning of the key, from wherever it is tried', async () => {
    const { key } = await admin().call('createUser', { body: { name: 'guessed', role: 'viewer' } });
    let at = 0;
    const statuses = await untilThrottled(() => {
      at += 1;
      return logIn(`${key.slice(0, 20)}${'a'.repeat(30)}`, from(`10.3.${at % 250}.${at}`));
    });
    expect(statuses.length).toBeGreaterThanOrEqual(30);
    expect((await logIn(key, from('10.4.4.4'))).status).toBe(429);
    expect((await logIn(running.adminKey, from('10.4.4.4'))).status).toBe(200);
  });
});

describe('guessing by bearer keys', () => {
  it('is bounded by address', async () => {
    const guess = (key: string) =>
      running.get('/admin/v1/session', { authorization: `Bearer ${key}`, ...from('10.5.5.5') });
    const statuses = await untilThrottled(() => guess('holdc_guess'));
    expect(statuses.length).toBeGreaterThanOrEqual(60);
    expect((await guess(running.adminKey)).status).toBe(429);
    expect((await running.get('/admin/v1/session', { authorization: `Bearer ${running.adminKey}` })).status).toBe(200);
  });
});

describe('a user', () => {
  it('has another role from the next request on, also in a session', async () => {
    const { key } = await admin().call('createUser', { body: { name: 'rising', role: 'viewer' } });
    const session = running.as(await running.logIn(key));
    await expect(session.call('users', {})).rejects.toMatchObject({ code: 'forbidden' });
    await admin().call('changeUser', { params: { name: 'rising' }, body: { role: 'admin' } });
    expect((await session.call('session', {})).role).toBe('admin');
    await session.call('users', {});
    await admin().call('changeUser', { params: { name: 'rising' }, body: { role: 'viewer' } });
    await expect(session.call('users', {})).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('that is removed loses key and sessions at once, also for a later user of the same name', async () => {
    const { key } = await admin().call('createUser', { body: { name: 'leaver', role: 'admin' } });
    const session = running.as(await running.logIn(key));
    const bearer = running.as({ key });
    await bearer.call('session', {});
    await admin().call('deleteUser', { params: { name: 'leaver' } });
    await admin().call('createUser', { body: { name: 'leaver', role: 'admin' } });
    await expect(session.call('session', {})).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(bearer.call('session', {})).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('has a name of its own that fits, and is not the admin', async () => {
    for (const [name, code] of [
      ['admin', 'user_exists'],
      ['Ann', 'validation_failed'],
      ['', 'validation_failed'],
    ] as const) {
      const body = { name, role: 'viewer' as const };
      await expect(admin().call('createUser', { body })).rejects.toMatchObject({ code });
    }
    await expect(admin().call('deleteUser', { params: { name: 'nobody' } })).rejects.toMatchObject({
      code: 'user_not_found',
    });
    await expect(
      admin().call('changeUser', { params: { name: 'admin' }, body: { role: 'viewer' } }),
    ).rejects.toMatchObject({ code: 'user_not_found' });
  });

  it('may look at Bull Board as a viewer, and pause there as an operator, which the audit log has', async () => {
    const pause = async (role: 'viewer' | 'operator') => {
      const { key } = await admin().call('createUser', { body: { name: `board-${role}`, role } });
      const { cookie } = await running.logIn(key);
      expect((await running.get('/queues/api/queues', { cookie })).status).toBe(200);
      const headers = { cookie, origin: running.url };
      return (await running.request('/queues/api/queues/fast/pause', { method: 'PUT', headers })).status;
    };
    expect(await pause('viewer')).toBe(403);
    expect(await running.bull.queue('fast').isPaused()).toBe(false);
    expect(await pause('operator')).toBe(200);
    expect(await running.bull.queue('fast').isPaused()).toBe(true);
    const { data } = await admin().call('audit', { query: { action: 'lane.change' } });
    expect(data).toEqual([
      expect.objectContaining({ user: 'board-operator', target: 'fast', details: { paused: true } }),
    ]);
  });

  it('who is an operator may pause lanes, and only an admin may limit them', async () => {
    const { key } = await admin().call('createUser', { body: { name: 'op', role: 'operator' } });
    const operator = running.as({ key });
    const lane = { lane: 'default' };
    expect(await operator.call('changeLane', { params: lane, body: { paused: true } })).toMatchObject({ paused: true });
    const limits = { max_running: 3 };
    await expect(operator.call('changeLane', { params: lane, body: { limits } })).rejects.toMatchObject({
      code: 'forbidden',
    });
    expect(await admin().call('changeLane', { params: lane, body: { limits, paused: false } })).toMatchObject({
      limits,
    });
  });
});

describe('without TRUST_PROXY', () => {
  it('X-Forwarded-For does not count: anybody may send it', async () => {
    const plain = await startConsole();
    try {
      let at = 0;
      const statuses = await untilThrottled(() => {
        at += 1;
        return plain.request('/admin/v1/login', {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...from(`10.6.6.${at}`) },
          body: JSON.stringify({ key: `wrong ${at}` }),
        });
      });
      expect(statuses.length).toBeLessThan(25);
    } finally {
      await plain.cleanUp();
    }
  });
});
