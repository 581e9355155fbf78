import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { refusal, startConsole, type TestConsole } from '../testing/console.ts';

let running: TestConsole;

beforeAll(async () => {
  running = await startConsole();
});

afterAll(() => running.cleanUp());

describe('the console', () => {
  it('reports that it is alive and that Redis answers', async () => {
    expect((await running.get('/healthz')).status).toBe(200);
    expect(await (await running.get('/readyz')).json()).toEqual({ status: 'ready' });
  });

  it('shows nothing without a session', async () => {
    for (const path of ['/', '/queues', '/queues/', '/queues/queue/default', '/queues/static/favicon.ico']) {
      const response = await running.get(path);
      expect([path, response.status, response.headers.get('location')]).toEqual([path, 303, '/login']);
    }
    expect(await refusal(await running.get('/queues/api/queues'))).toBe('401 unauthenticated');
    expect(
      await refusal(await running.request('/QUEUES/API/queues', { method: 'PUT', headers: { origin: running.url } })),
    ).toBe('401 unauthenticated');
    const headers = { cookie: `holdfast_console=${'a'.repeat(43)}` };
    expect((await running.get('/', headers)).status).toBe(303);
  });
});

describe('logging in', () => {
  it('offers a form', async () => {
    const response = await running.get('/login');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(response.headers.get('content-security-policy')).not.toContain('unsafe');
    expect(await response.text()).toContain('name="key"');
  });

  it('refuses a wrong key, and a nearly right one', async () => {
    await running.resetThrottle();
    for (const key of ['', 'wrong', running.adminKey.slice(0, -1), `${running.adminKey}x`]) {
      const response = await running.submit('/login', { key });
      expect(response.status).toBe(403);
      expect(response.headers.get('set-cookie')).toBeNull();
      expect(await response.text()).toContain('not the admin key');
    }
  });

  it('gives the right key a cookie that opens the pages', async () => {
    await running.resetThrottle();
    const response = await running.submit('/login', { key: running.adminKey });
    expect([response.status, response.headers.get('location')]).toEqual([303, '/']);
    const cookie = response.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^holdfast_console=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
    const overview = await running.get('/', { cookie });
    expect(overview.status).toBe(200);
    expect(overview.headers.get('cache-control')).toBe('no-store');
    expect(await overview.text()).toContain('/queues/queue/fast');
  });

  it('marks the cookie as secure behind a proxy that speaks HTTPS', async () => {
    await running.resetThrottle();
    const response = await running.submit('/login', { key: running.adminKey }, { 'x-forwarded-proto': 'https' });
    expect(response.headers.get('set-cookie')).toMatch(/; Secure$/);
  });

  it('is refused from another origin, and without an origin', async () => {
    const foreign = await running.submit('/login', { key: running.adminKey }, { origin: 'http://evil.example' });
    expect(await refusal(foreign)).toBe('403 forbidden');
    const none = await running.request('/login', {
      method: 'POST',
      body: new URLSearchParams({ key: running.adminKey }),
    });
    expect(await refusal(none)).toBe('403 forbidden');
  });

  it('is throttled after ten tries in a minute, for the right key too', async () => {
    // The window is a minute of the clock. If a new minute begins during the test, the second ten tries reach the limit.
    const statuses: number[] = [];
    await running.resetThrottle();
    for (let attempt = 0; attempt < 25 && !statuses.includes(429); attempt += 1) {
      statuses.push((await running.submit('/login', { key: 'wrong' })).status);
    }
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(403));
    const refused = await running.submit('/login', { key: running.adminKey });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('set-cookie')).toBeNull();
  });
});

describe('logging out', () => {
  it('ends the session, also for a browser that has kept the cookie', async () => {
    const { cookie } = await running.logIn();
    const html = await (await running.get('/', { cookie })).text();
    const token = /name="token" value="([^"]+)"/.exec(html)?.[1] ?? '';
    const response = await running.submit('/logout', { token }, { cookie });
    expect(response.headers.get('location')).toBe('/login');
    expect(response.headers.get('set-cookie')).toContain('Max-Age=0');
    expect((await running.get('/', { cookie })).status).toBe(303);
  });

  it("needs the session's own token", async () => {
    const { cookie } = await running.logIn();
    expect(await refusal(await running.submit('/logout', { token: 'a'.repeat(64) }, { cookie }))).toBe('403 forbidden');
    expect((await running.get('/', { cookie })).status).toBe(200);
  });
});

describe('Bull Board', () => {
  it('answers after login, and loads nothing from another host', async () => {
    const { cookie } = await running.logIn();
    const board = await running.get('/queues/', { cookie });
    expect(board.status).toBe(200);
    const policy = board.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toMatch(/https?:/);
    expect(board.headers.get('x-powered-by')).toBeNull();
    const queues = (await (await running.get('/queues/api/queues', { cookie })).json()) as {
      queues: { name: string }[];
    };
    expect(queues.queues.map(({ name }) => name).sort()).toEqual(['default', 'fast']);
  });

  it('accepts a change from its own page, and refuses other origins even with the right cookie', async () => {
    const { cookie } = await running.logIn();
    const pause = (headers: Record<string, string>) =>
      running.request('/queues/api/queues/fast/pause', { method: 'PUT', headers: { cookie, ...headers } });
    const queue = running.bull.queue('fast');
    expect(await refusal(await pause({ origin: 'http://evil.example' }))).toBe('403 forbidden');
    expect(await refusal(await pause({ 'sec-fetch-site': 'same-site', origin: running.url }))).toBe('403 forbidden');
    expect(await refusal(await pause({}))).toBe('403 forbidden');
    expect(await queue.isPaused()).toBe(false);
    expect((await pause({ 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    expect(await queue.isPaused()).toBe(true);
    await queue.resume();
  });
});

describe('a request to Bull Board that goes wrong', () => {
  it('is answered with a problem document, like any other', async () => {
    const headers = { cookie: (await running.logIn()).cookie, origin: running.url, 'content-type': 'application/json' };
    const response = await running.request('/queues/api/queues/fast/pause', {
      method: 'PUT',
      headers,
      body: '{',
    });
    expect(await refusal(response)).toBe('400 malformed_request');
  });
});

describe('at its end', () => {
  it('the console stops on SIGTERM, cleanly and soon', async () => {
    expect(await running.stop()).toBe(0);
  });
});
