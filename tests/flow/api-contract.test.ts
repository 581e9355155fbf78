/** What the API serves beside jobs, and what every answer bears: pages, metrics, headers, errors as OpenAI's SDK reads them. */

import { connect } from 'node:net';
import { createApiKeys } from '@holdfast/gate';
import { connectRedis, disconnectRedis } from '@holdfast/redis';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI, { APIError } from 'openai';
import { requestBytes } from '../stack/raw-http.ts';
import { apiKey, chat, Stack, until } from '../stack/stack.ts';

// cspell:ignore fpackage

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(() => stack?.close());

/** As browsers and caches ask: `fetch`, left alone, says with such a header that no cache is to answer, and files obey that. */
const ifNoneMatch = (path: string, wanted: string) =>
  stack.fetch(path, { cache: 'no-cache', headers: { 'if-none-match': wanted } });
const headersOf = async (path: string, init?: RequestInit) => (await stack.fetch(path, init)).headers;

function submit(body: object, headers: Record<string, string> = {}): Promise<Response> {
  const all = { 'content-type': 'application/json', ...headers };
  return stack.fetch('/v1/jobs', { method: 'POST', body: JSON.stringify(body), headers: all });
}

/** What a page's tags load, as absolute addresses. */
function loadedBy(html: string, page: string): URL[] {
  const tags = html.matchAll(/<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)="([^"]+)"/g);
  return [...tags].map(([, address = '']) => new URL(address, page)).filter(({ protocol }) => protocol !== 'data:');
}

/** The page, once every file it loads was seen to be ours and there. */
async function expectSelfContained(path: string): Promise<{ html: string; policy: string }> {
  const response = await fetch(`${stack.apiUrl}${path}`);
  const html = await response.text();
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/html/);
  const files = loadedBy(html, response.url);
  expect(files.length).toBeGreaterThan(1);
  for (const file of files) {
    expect(file.origin).toBe(stack.apiUrl);
    expect({ file: file.pathname, status: (await fetch(file)).status }).toMatchObject({ status: 200 });
  }
  expect(html.replace(/<!--[\s\S]*?-->/g, '')).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>\s*[^\s<]/);
  return { html, policy: response.headers.get('content-security-policy') ?? '' };
}

describe('pages', () => {
  it('/docs loads from here alone, and shows the document', async () => {
    const { html, policy } = await expectSelfContained('/docs/');
    expect(html).toContain('swagger-ui');
    expect(policy).toMatch(/default-src 'self'/);
    expect(policy).not.toMatch(/script-src[^;]*unsafe|https?:|\*/);
    const script = await (await fetch(`${stack.apiUrl}/docs/swagger-ui-init.js`)).text();
    expect(script).toContain('/openapi.json');
    const { openapi } = (await (await fetch(`${stack.apiUrl}/openapi.json`)).json()) as { openapi: string };
    expect(openapi).toMatch(/^3\.1/);
  });

  it('/demo/ and the client it loads are served with a policy that allows nothing inline and nothing foreign', async () => {
    const { html, policy } = await expectSelfContained('/demo/');
    const client = await fetch(`${stack.apiUrl}/demo/client/index.js`);
    expect(client.status).toBe(200);
    expect(client.headers.get('content-type')).toMatch(/^text\/javascript/);
    for (const given of [policy, client.headers.get('content-security-policy') ?? '']) {
      expect(given).toContain("default-src 'none'");
      for (const kind of ['script-src', 'style-src', 'img-src', 'connect-src'])
        expect(given).toContain(`${kind} 'self'`);
      expect(given).not.toMatch(/unsafe|https?:|data:|\*/);
    }
    expect(html).not.toMatch(/\son\w+=|\sstyle=|javascript:/i);
  });

  it('give out no other file', async () => {
    for (const path of [
      '/demo/../package.json',
      '/demo/..%2f..%2fpackage.json',
      '/demo/client/..%2f..%2fpackage.json',
    ]) {
      expect((await fetch(`${stack.apiUrl}${path}`)).status).toBeGreaterThanOrEqual(400);
    }
  });
});

describe('health and metrics', () => {
  it('say that the process lives, and that it can take jobs and how safely', async () => {
    expect(await (await fetch(`${stack.apiUrl}/healthz`)).json()).toEqual({ status: 'ok' });
    const ready = await (await fetch(`${stack.apiUrl}/readyz`)).json();
    expect(ready).toEqual({
      status: 'ready',
      durability: 'fsync',
      memory: 'ok',
      workers: 1,
      workers_with_other_config: 0,
    });
  });

  it('are ours by name, and bear neither ids nor tenants nor paths', async () => {
    const { job } = await stack.client.submit(chat('metrics', 'tokens=2'));
    await stack.client.wait(job.id);
    for await (const _event of stack.client.attach(job.id));
    await stack.fetch(`/v1/jobs/${job.id}`);
    await stack.fetch('/nothing/of-the-kind');
    const text = await stack.metrics();
    expect(text).toMatch(/^holdfast_submits_total\{result="accepted"\} [1-9]/m);
    expect(text).toMatch(/^holdfast_attached_readers 0$/m);
    expect(text).toMatch(
      /holdfast_http_request_duration_seconds_count\{method="GET",route="\/v1\/jobs\/:id",status="200"\}/,
    );
    expect(text).toMatch(/route="none",status="404"/);
    expect(text).not.toMatch(/job_[a-z2-7]{32}|tenant=|of-the-kind|hold_/);
    const labels = [...text.matchAll(/^holdfast_\w+\{([^}]*)\}/gm)].flatMap(([, all = '']) =>
      [...all.matchAll(/(\w+)="/g)].map(([, name]) => name),
    );
    expect([...new Set(labels)].sort()).toEqual(['lane', 'le', 'method', 'mode', 'result', 'route', 'status', 'task']);
  });

  it('of which the metrics are not served where clients are', async () => {
    expect((await fetch(`${stack.apiUrl}/metrics`)).status).toBe(404);
  });
});

describe('headers', () => {
  it('echo a well-formed x-request-id and make one otherwise', async () => {
    expect((await headersOf('/v1/jobs', { headers: { 'x-request-id': 'my-trace_1.a' } })).get('x-request-id')).toBe(
      'my-trace_1.a',
    );
    for (const id of ['with space', '<script>', 'x'.repeat(129)]) {
      const made = (await headersOf('/v1/jobs', { headers: { 'x-request-id': id } })).get('x-request-id');
      expect(made).toMatch(/^req_[0-9a-f-]{36}$/);
    }
  });

  it('secure every answer, refusals included', async () => {
    for (const path of ['/v1/jobs', '/v1/jobs/none', '/healthz', '/nothing', '/demo/', '/docs/']) {
      const headers = await headersOf(path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toMatch(/frame-ancestors 'none'/);
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('x-powered-by')).toBeNull();
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('of a submit name the job, and its state by an ETag that changes with it', async () => {
    const delayed = { ...chat('etag', 'tokens=2'), delay_ms: 300 };
    const response = await submit(delayed, { 'idempotency-key': 'etag' });
    const job = (await response.json()) as { id: string; status: string; links: { self: string } };
    expect(response.status).toBe(202);
    expect(response.headers.get('location')).toBe(`/v1/jobs/${job.id}`);
    expect(job).toMatchObject({ status: 'queued', links: { self: `/v1/jobs/${job.id}` } });
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('private, no-cache');
    const queued = response.headers.get('etag') ?? '';
    const same = await stack.fetch(job.links.self, { headers: { 'if-none-match': queued } });
    expect([same.status, same.headers.get('etag')]).toEqual([304, queued]);
    const ended = await stack.fetch(`${job.links.self}?wait=20`, { headers: { 'if-none-match': queued } });
    expect([ended.status, ended.headers.get('etag') === queued]).toEqual([200, false]);
    const replayed = await submit(delayed, { 'idempotency-key': 'etag' });
    expect([replayed.status, replayed.headers.get('location')]).toEqual([200, `/v1/jobs/${job.id}`]);
    expect(replayed.headers.get('etag')).toBe(ended.headers.get('etag'));
  });

  it('ask in every form of If-None-Match, wherever an ETag is given out: 304 with the same one', async () => {
    const { job } = await stack.client.submit({ ...chat('etag forms', 'tokens=2'), delay_ms: 60_000 });
    const paths = [`/v1/jobs/${job.id}`, '/demo/', '/demo/style.css', '/demo/client/index.js', '/docs/swagger-ui.css'];
    for (const path of paths) {
      const etag = (await headersOf(path)).get('etag') ?? '';
      const strong = etag.replace(/^W\//, '');
      expect({ path, strong }).toEqual({ path, strong: expect.stringMatching(/^"[^"]+"$/) });
      const fits = [etag, strong, `W/${strong}`, `"a,b", W/${strong}`, `W/"a",${strong} ,"b"`, '*'];
      for (const wanted of fits) {
        const answer = await ifNoneMatch(path, wanted);
        expect({
          path,
          wanted,
          status: answer.status,
          etag: answer.headers.get('etag'),
          body: await answer.text(),
        }).toEqual({ path, wanted, status: 304, etag, body: '' });
      }
      for (const wanted of ['"a"', `"a${strong.slice(1)}`, 'W/"*"', '']) {
        expect({ path, wanted, status: (await ifNoneMatch(path, wanted)).status }).toEqual({
          path,
          wanted,
          status: 200,
        });
      }
    }
    const same = await ifNoneMatch(`/v1/jobs/${job.id}`, '*');
    expect(same.headers.get('cache-control')).toBe('private, no-cache');
    expect((await ifNoneMatch('/v1/jobs/job_none', '*')).status).toBe(404);
    await stack.client.cancel(job.id);
  });

  it('of a cancelled job are another ETag', async () => {
    const { job } = await stack.client.submit({ ...chat('etag cancel', 'tokens=2'), delay_ms: 60_000 });
    const before = (await headersOf(`/v1/jobs/${job.id}`)).get('etag');
    await stack.client.cancel(job.id);
    expect((await headersOf(`/v1/jobs/${job.id}`)).get('etag')).not.toBe(before);
  });

  it('of a stream keep proxies from collecting and changing it; a whole journal is answered with 204', async () => {
    const { job } = await stack.client.submit(chat('sse', 'tokens=3'));
    const response = await stack.fetch(`/v1/jobs/${job.id}/events`);
    const text = await response.text();
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store, no-transform');
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    expect(response.headers.get('content-length')).toBeNull();
    const last =
      text
        .match(/^id: (\d+)$/gm)
        ?.at(-1)
        ?.slice(4) ?? '';
    const over = await stack.fetch(`/v1/jobs/${job.id}/events`, { headers: { 'last-event-id': last } });
    expect([over.status, await over.text()]).toEqual([204, '']);
    // A reconnecting EventSource repeats its address: the header is the newer word.
    const both = await stack.fetch(`/v1/jobs/${job.id}/events?after=1`, { headers: { 'last-event-id': last } });
    expect(both.status).toBe(204);
  });

  it('are all that HEAD answers with, at once, also of a stream', async () => {
    const { job } = await stack.client.submit(chat('head', 'tokens=500&itl_ms=20'));
    // In one go on one connection: an answer that didn't end would hold up the next.
    const paths = [`/v1/jobs/${job.id}`, `/v1/jobs/${job.id}/events`, '/v1/jobs', '/healthz'];
    const headers = [`authorization: Bearer ${apiKey}`];
    const socket = connect(Number(new URL(stack.apiUrl).port), '127.0.0.1');
    socket.write(Buffer.concat(paths.map((path) => requestBytes({ method: 'HEAD', path, headers }))));
    let answers = '';
    socket.on('data', (data) => {
      answers += data;
    });
    await until('all are answered', () => answers.match(/\r\n\r\n/g)?.length === paths.length);
    socket.destroy();
    expect(answers.match(/^HTTP\/1\.1 \d+/gm)).toEqual(paths.map(() => 'HTTP/1.1 200'));
    expect((await stack.client.get(job.id)).status).not.toBe('completed');
    await stack.client.cancel(job.id);
  });
});

describe("OpenAI's SDK", () => {
  const client = (key = apiKey) => new OpenAI({ baseURL: `${stack.apiUrl}/v1`, apiKey: key, maxRetries: 0 });

  it.each([
    ['AuthenticationError', 401, 'unauthenticated', () => client('hold_0123456789abcdefghijk').get('/jobs')],
    ['NotFoundError', 404, 'job_not_found', () => client().get('/jobs/job_none')],
    ['BadRequestError', 400, 'invalid_cursor', () => client().get('/jobs?cursor=none')],
    ['UnprocessableEntityError', 422, 'unknown_task', () => client().post('/jobs', { body: { task: 'x', input: {} } })],
    [
      'UnprocessableEntityError',
      422,
      'validation_failed',
      () => client().post('/jobs', { body: { task: 5, input: {} } }),
    ],
    ['APIError', 405, 'method_not_allowed', () => client().put('/jobs', { body: {} })],
  ])('throws its %s for %i %s, with our message, code and request id', async (name, status, code, call) => {
    const error = await Promise.resolve(call()).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof APIError)) throw new Error(`not an APIError: ${error}`);
    expect(error.constructor.name).toBe(name);
    expect(error).toMatchObject({ status, code });
    const { message } = error.error as { message: string };
    expect(message.length).toBeGreaterThan(10);
    expect(error.message).toBe(`${status} ${message}`);
    expect(error.requestID).toMatch(/^req_/);
  });

  it('throws its ConflictError for a job that has not ended', async () => {
    const { job } = await stack.client.submit({ ...chat('conflict', 'tokens=1'), delay_ms: 60_000 });
    await expect(Promise.resolve(client().delete(`/jobs/${job.id}`))).rejects.toMatchObject({
      status: 409,
      code: 'job_not_ended',
      param: 'id',
    });
    await stack.client.cancel(job.id);
  });
});

describe('a revoked key', () => {
  it('is refused by a process that knew it', async () => {
    const silent = { debug() {}, info() {}, warn() {}, error() {} };
    const redis = connectRedis(stack.env.REDIS_URL ?? '', 'worker', silent);
    try {
      const apiKeys = createApiKeys({ redis, prefix: stack.prefix });
      const { id, key } = await apiKeys.create('default', { scopes: ['read'] });
      const ask = async () =>
        (await fetch(`${stack.apiUrl}/v1/jobs`, { headers: { authorization: `Bearer ${key}` } })).status;
      expect(await ask()).toBe(200);
      expect(await apiKeys.revoke('default', id)).toBe(true);
      await until('it is refused', async () => (await ask()) === 401);
      expect(await apiKeys.revoke('default', id)).toBe(false);
    } finally {
      await disconnectRedis(redis);
    }
  });
});
