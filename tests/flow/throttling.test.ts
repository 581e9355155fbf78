/** Limits of a tenant's submissions, and keys, with real processes: three APIs, two of them with clocks that are wrong. */
import { createApiKeys } from '@holdfast/gate';
import { connectRedis, disconnectRedis, type Redis } from '@holdfast/redis';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { adminKey, chat, freePort, Stack, until } from './stack.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
let stack: Stack;
let redis: Redis;
let urls: string[];
let consoleUrl: string;

/** Node options that make a process' clock wrong by so many minutes. */
function wrongClock(minutes: number): NodeJS.ProcessEnv {
  const script = `const R=Date,by=${minutes * 60_000};globalThis.Date=class extends R{
    constructor(...a){super(...(a.length?a:[R.now()+by]))} static now(){return R.now()+by}}`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` };
}

async function startApi(minutes: number): Promise<string> {
  const port = String(await freePort());
  await stack.start('api', { PORT: port, ...wrongClock(minutes) });
  return `http://127.0.0.1:${port}`;
}

beforeAll(async () => {
  stack = await Stack.start({ workers: 0, config: () => ({ plans: { small: { requests_per_minute: 60 } } }) });
  redis = connectRedis(stack.env.REDIS_URL ?? '', 'worker', silent);
  const consolePort = String(await freePort());
  consoleUrl = `http://127.0.0.1:${consolePort}`;
  const [ahead, behind] = await Promise.all([
    startApi(5),
    startApi(-5),
    stack.start('console', { CONSOLE_PORT: consolePort }),
  ]);
  urls = [stack.apiUrl, ahead, behind];
}, 60_000);
afterAll(async () => {
  await disconnectRedis(redis);
  await stack?.close();
});

async function newTenant(tenant: string, settings: object): Promise<{ id: string; key: string }> {
  await setTenant(tenant, settings);
  return createApiKeys({ redis, prefix: stack.prefix }).create(tenant, { scopes: ['submit', 'read'] });
}

async function setTenant(tenant: string, settings: object): Promise<void> {
  const response = await fetch(`${consoleUrl}/admin/v1/tenants/${tenant}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(settings),
  });
  if (!response.ok) throw new Error(await response.text());
}

/** As a client does: one that is answered with 503, by a machine that is too busy, is sent again under its key. */
async function submit(url: string, key: string, idempotencyKey: string): Promise<Response> {
  for (;;) {
    const response = await submitOnce(url, key, idempotencyKey);
    if (response.status !== 503) return response;
  }
}

function submitOnce(url: string, key: string, idempotencyKey: string): Promise<Response> {
  return fetch(`${url}/v1/jobs`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'idempotency-key': idempotencyKey,
    },
    body: JSON.stringify(chat('throttled', 'tokens=1')),
  });
}

describe('requests a minute', () => {
  it('hold exactly over three API processes, though the clocks of two are five minutes off', async () => {
    const { key } = await newTenant('minute', { plan: 'small' });
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, at) => submit(urls[at % 3] ?? '', key, `minute-${at}`)),
    );
    expect(answers.filter(({ ok }) => ok)).toHaveLength(60);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(240);

    const refused = await submit(stack.apiUrl, key, 'one more');
    expect(await refused.json()).toMatchObject({ code: 'too_many_requests', error: { type: 'rate_limit_error' } });
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(30);
    expect(wait).toBeLessThanOrEqual(61);
    expect(refused.headers.get('ratelimit-policy')).toBe('"requests";q=60;w=60');
    expect(refused.headers.get('ratelimit')).toBe(`"requests";r=0;t=${wait}`);
    expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0');

    // One of them has ended since: there is nothing left by which the gate would know it.
    const accepted = answers.find(({ ok }) => ok);
    const { id } = JSON.parse((await accepted?.text()) ?? '{}') as { id: string };
    const headers = { authorization: `Bearer ${key}` };
    await fetch(`${stack.apiUrl}/v1/jobs/${id}/cancel`, { method: 'POST', headers });
    const replays = await Promise.all(
      answers.map(({ ok }, at) => (ok ? submit(urls[(at + 1) % 3] ?? '', key, `minute-${at}`) : null)),
    );
    const states = replays.filter((replay) => replay !== null).map(({ status }) => status);
    expect(states).toEqual(Array(60).fill(200));
  }, 60_000);

  it('are said on every answer of a limited tenant, and on none of another', async () => {
    const { key } = await newTenant('told', { plan: 'small' });
    const first = await submit(stack.apiUrl, key, 'first');
    expect(first.headers.get('ratelimit')).toMatch(/^"requests";r=59;t=6[01]$/);
    expect(first.headers.get('x-ratelimit-limit-requests')).toBe('60');
    expect(first.headers.get('x-ratelimit-reset-requests')).toMatch(/^1m[01]s$/);
    const replay = await submit(stack.apiUrl, key, 'first');
    expect([replay.status, replay.headers.get('ratelimit')]).toEqual([
      200,
      expect.stringMatching(/^"requests";r=59;t=/),
    ]);
    const unlimited = await newTenant('unlimited', {});
    expect((await submit(stack.apiUrl, unlimited.key, 'first')).headers.has('ratelimit')).toBe(false);
  });

  it('change within 3 s of the admin saying so', async () => {
    const { key } = await newTenant('changing', { limits: { requests_per_minute: 1 } });
    expect((await submit(stack.apiUrl, key, 'a')).status).toBe(202);
    expect((await submit(stack.apiUrl, key, 'b')).status).toBe(429);
    await setTenant('changing', { limits: { requests_per_minute: 2 } });
    await until('another is let in', async () => (await submit(stack.apiUrl, key, 'b')).status === 202, 3_500);
    expect((await submit(stack.apiUrl, key, 'c')).status).toBe(429);
  });
});

describe('jobs that wait', () => {
  it('are no more than the tenant may have, over three API processes; an end makes room for one', async () => {
    const { key } = await newTenant('waiting', { limits: { max_queued: 20, requests_per_minute: 1_000 } });
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, at) => submit(urls[at % 3] ?? '', key, `waits-${at}`)),
    );
    const accepted = answers.filter(({ ok }) => ok);
    expect(accepted).toHaveLength(20);
    const refused = answers.find(({ status }) => status === 429);
    expect(await refused?.json()).toMatchObject({ code: 'too_many_queued' });
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused?.headers.get('ratelimit')).toMatch(/^"requests";r=9\d\d;t=\d+$/);

    const { id } = JSON.parse((await accepted[0]?.text()) ?? '{}') as { id: string };
    const headers = { authorization: `Bearer ${key}` };
    await fetch(`${stack.apiUrl}/v1/jobs/${id}/cancel`, { method: 'POST', headers });
    const more = await Promise.all(urls.map((url, at) => submit(url, key, `room-${at}`)));
    expect(more.map(({ status }) => status).sort()).toEqual([202, 429, 429]);
  });
});

describe('a revoked key', () => {
  it('closes the streams that were opened with it within 5 s, and no others', async () => {
    const [gone, kept] = [await newTenant('streams', {}), await newTenant('streams', {})];
    const { id } = (await (await submit(stack.apiUrl, gone.key, 'streamed')).json()) as { id: string };
    const open = async (key: string) => {
      const headers = { authorization: `Bearer ${key}` };
      const response = await fetch(`${stack.apiUrl}/v1/jobs/${id}/events`, { headers });
      const stream = { open: true, text: '' };
      const read = async () => {
        for await (const chunk of response.body ?? []) stream.text += Buffer.from(chunk).toString();
      };
      void read().finally(() => {
        stream.open = false;
      });
      return stream;
    };
    const cut = await Promise.all(Array.from({ length: 10 }, () => open(gone.key)));
    const left = await open(kept.key);
    await until('all read', () => [...cut, left].every(({ text }) => text.includes('job.accepted')));

    await createApiKeys({ redis, prefix: stack.prefix }).revoke('streams', gone.id);
    await until('they are cut', () => cut.every((stream) => !stream.open), 5_000);
    expect(left.open).toBe(true);
    await fetch(`${stack.apiUrl}/v1/jobs/${id}/cancel`, {
      method: 'POST',
      headers: { authorization: `Bearer ${kept.key}` },
    });
    await until('the other ends with its job', () => !left.open && left.text.includes('job.cancelled'));
  });
});
