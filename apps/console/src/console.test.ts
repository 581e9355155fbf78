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
    for (const path of ['/queues', '/queues/', '/queues/queue/default?status=failed', '/queues/static/favicon.ico']) {
      const response = await running.get(path);
      const login = `/login?next=${encodeURIComponent(path)}`;
      expect([path, response.status, response.headers.get('location')]).toEqual([path, 303, login]);
    }
    expect(await refusal(await running.get('/queues/api/queues'))).toBe('401 unauthenticated');
    expect(
      await refusal(await running.request('/QUEUES/API/queues', { method: 'PUT', headers: { origin: running.url } })),
    ).toBe('401 unauthenticated');
    const headers = { cookie: `holdfast_console=${'a'.repeat(43)}` };
    expect((await running.get('/queues/', headers)).status).toBe(303);
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
