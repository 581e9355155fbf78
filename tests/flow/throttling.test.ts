/** Limits of a tenant's submissions, and keys, with real processes: three APIs, two of them with clocks that are wrong. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JournalProbe } from '../stack/journal-probe.ts';
import { adminKey, freePort, Stack, until } from '../stack/stack.ts';
import { makeKey } from '../stack/tenants.ts';
import { heldRequests } from './scenarios/held-requests.ts';
import { requestsAMinute, submit, submitMany } from './scenarios/requests-a-minute.ts';
import { revokedKey } from './scenarios/revoked-key.ts';
import { exceeded } from './scenarios/scenario.ts';

/** On a busy machine what is promised for some seconds may take longer. */
const PATIENTLY_MS = 60_000;

let stack: Stack;
let probe: JournalProbe;
let consoleUrl: string;

beforeAll(async () => {
  const config = () => ({ plans: { small: { requests_per_minute: 60 } } });
  stack = await Stack.start({ ...requestsAMinute.stack, config });
  probe = await JournalProbe.open(stack);
  const consolePort = String(await freePort());
  consoleUrl = `http://127.0.0.1:${consolePort}`;
  await stack.start('console', { CONSOLE_PORT: consolePort });
});
afterAll(async () => {
  await probe.close();
  await stack.close();
});

async function newTenant(tenant: string, settings: object): Promise<{ id: string; key: string }> {
  await setTenant(tenant, settings);
  return makeKey(stack, probe, tenant);
}

async function setTenant(tenant: string, settings: object): Promise<void> {
  const response = await fetch(`${consoleUrl}/admin/v1/tenants/${tenant}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(settings),
  });
  if (!response.ok) throw new Error(await response.text());
}

describe('requests a minute', () => {
  it('hold exactly over three API processes, though the clocks of two are five minutes off', async () => {
    const { counts, key, answers } = await requestsAMinute.play({ stack, probe });
    expect(counts).toEqual({ ...requestsAMinute.most, refused: 240 });

    const refused = await submit(stack.apiUrl, key, 'one more');
    expect(await refused.json()).toMatchObject({ code: 'too_many_requests', error: { type: 'rate_limit_error' } });
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(0);
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
      answers.map(({ ok }, at) => (ok ? submit(stack.apiUrls[(at + 1) % 3] ?? '', key, `minute-${at}`) : null)),
    );
    const states = replays.filter((replay) => replay !== null).map(({ status }) => status);
    expect(states).toEqual(Array(60).fill(200));
  });

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

  it('change when the admin says so', async () => {
    const { key } = await newTenant('changing', { limits: { requests_per_minute: 1 } });
    expect((await submit(stack.apiUrl, key, 'a')).ok).toBe(true);
    expect((await submit(stack.apiUrl, key, 'b')).status).toBe(429);
    await setTenant('changing', { limits: { requests_per_minute: 2 } });
    await until('another is let in', async () => (await submit(stack.apiUrl, key, 'b')).ok);
    expect((await submit(stack.apiUrl, key, 'c')).status).toBe(429);
  });
});

describe('jobs that wait', () => {
  it('are no more than the tenant may have, over three API processes; an end makes room for one', async () => {
    const { key } = await newTenant('waiting', { limits: { max_queued: 20, requests_per_minute: 1_000 } });
    const answers = await submitMany(stack.apiUrls, key, 'waits', 100);
    const accepted = answers.filter(({ ok }) => ok);
    expect(accepted).toHaveLength(20);
    const refused = answers.find(({ status }) => status === 429);
    expect(await refused?.json()).toMatchObject({ code: 'too_many_queued' });
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused?.headers.get('ratelimit')).toMatch(/^"requests";r=9\d\d;t=\d+$/);

    const { id } = JSON.parse((await accepted[0]?.text()) ?? '{}') as { id: string };
    const headers = { authorization: `Bearer ${key}` };
    await fetch(`${stack.apiUrl}/v1/jobs/${id}/cancel`, { method: 'POST', headers });
    const more = await submitMany(stack.apiUrls, key, 'room', 3);
    expect(more.map(({ ok, status }) => (ok ? 'accepted' : status)).sort()).toEqual([429, 429, 'accepted']);
  });
});

describe('requests that a key holds', () => {
  it('are as many as it may have; the others are told why, and when to come again; what is over counts no more', async () => {
    const bounded = await Stack.start(heldRequests.stack);
    const at = await JournalProbe.open(bounded);
    try {
      const { counts, refused, retryAfter } = await heldRequests.play({ stack: bounded, probe: at }, PATIENTLY_MS);
      expect(counts).toEqual(heldRequests.most);
      expect(refused[0]).toMatchObject({
        status: 429,
        code: 'too_many_held',
        detail: expect.stringMatching(/^This API key has 5 held requests .* \(MAX_HELD_REQUESTS_PER_KEY\)\./),
      });
      expect(Number(retryAfter)).toBeGreaterThan(0);
    } finally {
      await at.close();
      await bounded.close();
    }
  });
});

describe('a revoked key', () => {
  it('gets nothing more in whatever it holds, in every API process, and no other key loses a thing', async () => {
    const { counts, left, client, jobId } = await revokedKey.play({ stack, probe }, PATIENTLY_MS);
    expect(exceeded(revokedKey, counts)).toEqual([]);
    expect(left.open).toBe(true);
    await client.cancel(jobId);
    await until('the other ends with its job', () => !left.open && left.text.includes('job.cancelled'));
  });
});
