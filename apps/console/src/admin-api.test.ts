import { admissionArguments, scripts } from '@holdfast/cell';
import { createApiKeys, createTenants } from '@holdfast/gate';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../../../packages/core/testing/until.ts';
import { refusal, startConsole, type TestConsole } from '../testing/console.ts';

// cspell:ignore runing sumarize

let running: TestConsole;

beforeAll(async () => {
  running = await startConsole();
});

afterAll(() => running.cleanUp());

const admin = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  running.request(`/admin/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${running.adminKey}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });

/** Submits a job to the lane `fast` that waits in the scheduler, and is not in BullMQ yet. */
async function submitWaiting(id: string, delayMs: number | '' = ''): Promise<void> {
  // Digest, body, first event; tenant, lane, task; priority, tokens, delay, deadline, metadata.
  const job = [id, 'digest', '{}', 'event', 'acme', 'fast', 'task', 0, 10, delayMs, '', ''];
  const admission = admissionArguments({ limits: {}, estimateUsd: null });
  // The tenant's run limits; the shared answer; the retention.
  const [kind] = (await scripts.submit.run(running.cell, [...job, ...admission, '0 1', 0, '', '', 60_000])) as string[];
  expect(kind).toBe('created');
}

describe('the admin API', () => {
  it('accepts the admin key, and nothing like it', async () => {
    for (const authorization of [
      '',
      'Bearer',
      `Bearer ${running.adminKey}x`,
      `Basic ${running.adminKey}`,
      `Bearer ${running.adminKey} x`,
    ]) {
      expect(await refusal(await running.get('/admin/v1/tenants', { authorization }))).toBe('401 unauthenticated');
    }
    expect((await admin('GET', '/tenants')).status).toBe(200);
  });

  it('sets tenants', async () => {
    const put = await admin('PUT', '/tenants/acme', { plan: 'free' });
    expect(put.status).toBe(200);
    const tenant = await put.json();
    expect(tenant).toEqual({
      id: 'acme',
      plan: 'free',
      limits: null,
      created_at: expect.any(String),
      plan_status: 'configured',
    });
    const row = { ...(tenant as object), day_usd: 0, month_usd: 0, reserved_usd: 0, waiting: 0, running: 0 };
    const shown = { ...row, effective_limits: { requests_per_minute: 60 } };
    expect(await (await admin('GET', '/tenants/acme')).json()).toEqual(shown);
    expect(await (await admin('GET', '/tenants')).json()).toEqual({ object: 'list', data: [shown] });
    const limits = { max_running: 5, budget_usd: { day: 1 } };
    expect(await (await admin('PUT', '/tenants/acme', { limits })).json()).toMatchObject({
      plan: null,
      limits,
      plan_status: null,
    });
    // Waiting jobs are bound by them from now on.
    const { redis, cell } = running;
    expect(await redis.hget(cell.keys.sched('limits'), 'acme')).toBe('5 1');
  });

  it('stores the plans of the config file, and shows a tenant’s plan that is not in the file as missing or unknown', async () => {
    const { redis, prefix } = running;
    expect(JSON.parse((await redis.hget(`${prefix}:plans`, 'free')) ?? '')).toEqual({ requests_per_minute: 60 });
    await redis.hset(`${prefix}:plans`, 'old', '{}');
    const tenants = createTenants(running);
    await tenants.put('left-old', { plan: 'old' });
    await tenants.put('left-lost', { plan: 'lost' });
    expect(await (await admin('GET', '/tenants/left-old')).json()).toMatchObject({ plan_status: 'missing' });
    const { data } = (await (await admin('GET', '/tenants')).json()) as { data: { id: string }[] };
    expect(data).toContainEqual(expect.objectContaining({ id: 'left-old', plan_status: 'missing' }));
    expect(data).toContainEqual(expect.objectContaining({ id: 'left-lost', plan_status: 'unknown' }));
  });

  it('makes keys that work, shows them once, and revokes them everywhere', async () => {
    const elsewhere = createApiKeys(running);
    await admin('PUT', '/tenants/keys', {});
    const made = await admin('POST', '/tenants/keys/keys', { scopes: ['submit', 'read'], tasks: ['responses'] });
    expect(made.status).toBe(201);
    const { id, key } = (await made.json()) as { id: string; key: string };
    expect(await elsewhere.find(key)).toEqual({
      tenant: 'keys',
      keyId: id,
      scopes: ['submit', 'read'],
      tasks: ['responses'],
    });
    const listed = await (await admin('GET', '/tenants/keys/keys')).text();
    expect(listed).toContain(id);
    expect(listed).not.toContain(key.slice(-38));

    expect((await admin('DELETE', `/tenants/keys/keys/${id}`)).status).toBe(204);
    await until('it is revoked there', async () => (await elsewhere.find(key)) === null);
    expect(await refusal(await admin('DELETE', `/tenants/keys/keys/${id}`))).toBe('404 key_not_found');
  });

  it('refuses unknown fields and values, and names them', async () => {
    await admin('PUT', '/tenants/strict', {});
    const cases: [string, string, unknown, string][] = [
      ['PUT', '/tenants/strict', { plans: 'free' }, 'plans'],
      ['PUT', '/tenants/strict', { limits: { max_runing: 1 } }, 'limits.max_runing'],
      ['PUT', '/tenants/strict', { limits: { weight: 'a' } }, 'limits.weight'],
      ['PUT', '/tenants/strict', { plan: 'free', limits: {} }, 'limits'],
      ['PUT', '/tenants/strict', { plan: 'constructor' }, 'plan'],
      ['PUT', '/tenants/strict', '{"__proto__":{"plan":"free"}}', '__proto__'],
      ['PUT', '/tenants/Upper', {}, 'tenant'],
      ['POST', '/tenants/strict/keys', { scopes: ['root'] }, 'scopes.0'],
      ['POST', '/tenants/strict/keys', { scopes: ['read'], tasks: null }, 'tasks'],
      ['POST', '/tenants/strict/keys', { scopes: ['read'], name: 'x' }, 'name'],
      ['PATCH', '/lanes/default', { limits: { max_running: 0 } }, 'limits.max_running'],
      ['PATCH', '/lanes/default', {}, 'paused'],
    ];
    for (const [method, path, body, param] of cases) {
      const answer = await admin(method, path, body);
      expect([path, body, await refusal(answer, { withParam: true })]).toEqual([
        path,
        body,
        `422 validation_failed at ${param}`,
      ]);
    }
  });

  it('refuses a plan that the config file does not have, and lists its plans', async () => {
    const answer = await admin('PUT', '/tenants/planless', { plan: 'gold' });
    expect(await answer.clone().json()).toMatchObject({ detail: expect.stringContaining('Plans: free, pro.') });
    expect(await refusal(answer, { withParam: true })).toBe('422 validation_failed at plan');
    expect(await refusal(await admin('GET', '/tenants/planless'))).toBe('404 tenant_not_found');
  });

  it('refuses keys for tasks that do not exist, and lists the tasks', async () => {
    await admin('PUT', '/tenants/tasked', {});
    const made = await admin('POST', '/tenants/tasked/keys', { scopes: ['submit'], tasks: ['chat', 'sumarize'] });
    expect(await made.clone().json()).toMatchObject({
      detail: expect.stringMatching(/no task "sumarize"\. Tasks: responses, .*summarize/),
    });
    expect(await refusal(made, { withParam: true })).toBe('422 validation_failed at tasks.1');
    const gone = await createApiKeys(running).create('tasked', { scopes: ['submit'], tasks: ['gone'] });
    const rotated = await admin('POST', `/tenants/tasked/keys/${gone.id}/rotate`, {});
    expect(await refusal(rotated, { withParam: true })).toBe('422 validation_failed at tasks.0');
  });

  it('rotates keys: the new key is like the old one, which works for the requested grace time', async () => {
    const find = (key: string) => createApiKeys(running).find(key);
    await admin('PUT', '/tenants/rotating', {});
    const like = { scopes: ['submit'], tasks: ['responses'] };
    const old = (await (await admin('POST', '/tenants/rotating/keys', like)).json()) as { id: string; key: string };
    const rotate = (id: string, body: unknown) => admin('POST', `/tenants/rotating/keys/${id}/rotate`, body);

    const answer = await rotate(old.id, { grace_s: 1 });
    expect(answer.status).toBe(201);
    const made = (await answer.json()) as { id: string; key: string };
    expect(await find(made.key)).toMatchObject({ tenant: 'rotating', keyId: made.id, ...like });
    expect(await find(old.key)).toMatchObject({ keyId: old.id });
    await until('the old one has expired', async () => (await find(old.key)) === null);
    const { data } = (await (await admin('GET', '/tenants/rotating/keys')).json()) as { data: { id: string }[] };
    expect(data.map(({ id }) => id)).toEqual([made.id]);

    const next = (await (await rotate(made.id, {})).json()) as { key: string };
    expect(await find(made.key)).toBeNull();
    expect(await find(next.key)).toMatchObject(like);
    expect(await refusal(await rotate(made.id, {}))).toBe('404 key_not_found');
    expect(await refusal(await rotate(old.id, { grace_s: 604_801 }))).toBe('422 validation_failed');
  });

  it("lets a tenant's own admin key manage the keys of its tenant, and nothing else", async () => {
    const make = async (tenant: string, body: unknown) => {
      await admin('PUT', `/tenants/${tenant}`, {});
      return (await (await admin('POST', `/tenants/${tenant}/keys`, body)).json()) as { id: string; key: string };
    };
    const own = await make('self', { scopes: ['admin'], tasks: ['summarize', 'chat'] });
    const plain = await make('self', { scopes: ['submit', 'read'] });
    const wider = await make('self', { scopes: ['read'], tasks: ['chat', 'responses'] });
    const like = await make('self', { scopes: ['submit'], tasks: ['chat', 'summarize'] });
    await make('self-two', { scopes: ['read'] });
    const as = (key: string, method: string, path: string, body?: unknown) =>
      admin(method, path, body, { authorization: `Bearer ${key}` });

    expect((await as(own.key, 'GET', '/tenants/self/keys')).status).toBe(200);
    const made = await as(own.key, 'POST', '/tenants/self/keys', { scopes: ['submit'], tasks: ['chat'] });
    expect(made.status).toBe(201);
    const { id } = (await made.json()) as { id: string };
    expect((await as(own.key, 'POST', `/tenants/self/keys/${id}/rotate`, {})).status).toBe(201);

    const refused: [string, string, string, unknown?][] = [
      [plain.key, 'GET', '/tenants/self/keys'],
      [own.key, 'GET', '/tenants'],
      [own.key, 'PUT', '/tenants/self', {}],
      [own.key, 'GET', '/tenants/self-two/keys'],
      [own.key, 'GET', '/tenants/nobody/keys'],
      [own.key, 'GET', '/tenants/self/keys/../../self-two/keys'],
      [own.key, 'PATCH', '/lanes/default', { paused: true }],
      [own.key, 'POST', '/tenants/self/keys', { scopes: ['submit'] }],
      [own.key, 'POST', '/tenants/self/keys', { scopes: ['submit'], tasks: ['chat', 'responses'] }],
      [own.key, 'POST', `/tenants/self/keys/${plain.id}/rotate`, {}],
      [own.key, 'DELETE', `/tenants/self/keys/${plain.id}`],
      [own.key, 'DELETE', `/tenants/self/keys/${wider.id}`],
    ];
    for (const [key, method, path, body] of refused) {
      expect([method, path, await refusal(await as(key, method, path, body))]).toEqual([method, path, '403 forbidden']);
    }
    expect((await as(own.key, 'DELETE', `/tenants/self/keys/${like.id}`)).status).toBe(204);
    const all = await make('self', { scopes: ['admin'] });
    expect((await as(all.key, 'DELETE', `/tenants/self/keys/${plain.id}`)).status).toBe(204);
  });

  it('refuses bodies that are not JSON, not JSON objects, or too large', async () => {
    const put = (body: string, headers: Record<string, string> = {}) => admin('PUT', '/tenants/strict', body, headers);
    for (const body of ['{', '[]', 'null', '1']) expect(await refusal(await put(body))).toBe('400 malformed_json');
    expect(await refusal(await put('', { 'content-length': '0' }))).toBe('400 malformed_json');
    expect(await refusal(await put('{}', { 'content-type': 'text/plain' }))).toBe('415 unsupported_media_type');
    expect(await refusal(await put('{}', { 'content-encoding': 'gzip' }))).toBe('415 unsupported_media_type');
    expect(await refusal(await put(`{"plan":"${'a'.repeat(65_536)}"}`))).toBe('413 body_too_large');
    expect(await refusal(await put('['.repeat(30_000) + ']'.repeat(30_000)))).toBe('422 validation_failed');
  });

  it('says what does not exist, and which methods are allowed', async () => {
    expect(await refusal(await admin('GET', '/tenants/nobody'))).toBe('404 tenant_not_found');
    expect(await refusal(await admin('POST', '/tenants/nobody/keys', { scopes: ['read'] }))).toBe(
      '404 tenant_not_found',
    );
    expect(await refusal(await admin('DELETE', '/tenants/nobody/keys/x'))).toBe('404 key_not_found');
    expect(await refusal(await admin('PATCH', '/lanes/nothing', { paused: true }))).toBe('404 not_found');
    expect(await refusal(await admin('GET', '/nothing'))).toBe('404 not_found');
    const wrong = await admin('DELETE', '/tenants/acme');
    expect(wrong.headers.get('allow')).toBe('GET, PUT');
    expect(await refusal(wrong)).toBe('405 method_not_allowed');
    expect(await refusal(await admin('GET', '/tenants/%zz'))).toBe('400 malformed_request');
  });

  it('counts the jobs of lanes, and pauses them', async () => {
    const queue = running.bull.queue('default');
    const isHeld = async () =>
      (await running.redis.hget(running.cell.keys.sched('lane', 'default'), 'paused')) !== null;
    await queue.add('job', { jobId: 'job_a', release: 1 }, { priority: 101 });
    await queue.add('job', { jobId: 'job_b', release: 1 }, { delay: 60_000 });
    const { data } = (await (await admin('GET', '/lanes')).json()) as { data: { name: string }[] };
    expect(data.map(({ name }) => name)).toEqual(['fast', 'default']);
    expect(data[1]).toMatchObject({
      name: 'default',
      models: ['*'],
      paused: false,
      limits: {},
      limits_from: 'config',
      counts: { waiting: 1, active: 0, delayed: 1, completed: 0, failed: 0 },
    });
    expect(await (await admin('PATCH', '/lanes/default', { paused: true })).json()).toMatchObject({ paused: true });
    expect([await queue.isPaused(), await isHeld()]).toEqual([true, true]);
    expect(await (await admin('PATCH', '/lanes/default', { paused: false })).json()).toMatchObject({ paused: false });
    expect([await queue.isPaused(), await isHeld()]).toEqual([false, false]);
  });

  it('counts jobs that wait in the scheduler, also in Bull Board', async () => {
    await submitWaiting('job_a');
    await submitWaiting('job_b');
    await submitWaiting('job_c', 60_000);
    const { data } = (await (await admin('GET', '/lanes')).json()) as { data: object[] };
    expect(data[0]).toMatchObject({ name: 'fast', counts: { waiting: 2, delayed: 1 } });
    const headers = { cookie: (await running.logIn()).cookie };
    const board = await running.get('/queues/api/queues?activeQueue=fast', headers);
    const shown = (await board.json()) as { queues: { name: string; counts: object }[] };
    expect(shown.queues.find(({ name }) => name === 'fast')?.counts).toMatchObject({ waiting: 2, delayed: 1 });
  });

  it('limits lanes at run time; the config file counts again once the limits are set to null', async () => {
    const limits = { max_running: 2, tokens_per_minute: 1_000 };
    const set = await admin('PATCH', '/lanes/default', { limits });
    expect(await set.json()).toMatchObject({ paused: false, limits, limits_from: 'admin' });
    const taken = await admin('PATCH', '/lanes/default', { limits: null });
    expect(await taken.json()).toMatchObject({ limits: {}, limits_from: 'config' });
  });
});

describe('the log of the console', () => {
  it('holds neither the admin key nor an API key', async () => {
    await admin('PUT', '/tenants/logged', {});
    const made = await admin('POST', '/tenants/logged/keys', { scopes: ['read'] });
    const { key } = (await made.json()) as { key: string };
    const text = running.log.join('\n');
    expect(text).toContain('API key created');
    expect(text).not.toContain(running.adminKey);
    expect(text).not.toContain(key.slice(-38));
    expect(text).not.toContain('holdfast_console=');
  });
});
