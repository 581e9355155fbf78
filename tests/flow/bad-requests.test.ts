/** Requests about jobs that must not be granted: strangers, odd ids, cursors, queries, keys and methods. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { marker } from '../stack/bad-submits.ts';
import type { RawAnswer } from '../stack/raw-http.ts';
import { bearer, expectProblem, RefusingStack } from '../stack/refusals.ts';
import { adminKey, apiKey, chat } from '../stack/stack.ts';

// cspell:ignore Dpob Tpqb fetc

const unknownKey = 'hold_unknown0123456789abcdefghijk';

let api: RefusingStack;
/** An ended job of the caller's, and one of another tenant's. */
let ended: string;
let foreign: string;

beforeAll(async () => {
  api = await RefusingStack.start();
  ended = await api.submitted(apiKey, 'ended');
  foreign = await api.submitted(api.keys.acme, 'foreign');
  await api.stack.client.wait(ended);
});
afterAll(() => api?.close());

/** What can be asked of a job. */
const calls: [method: string, rest: string][] = [
  ['GET', ''],
  ['GET', '?wait=1'],
  ['GET', '/events'],
  ['GET', '/events?after=1'],
  ['POST', '/cancel'],
  ['POST', '/retry'],
  ['DELETE', ''],
];

describe('a job of someone else', () => {
  it.each(calls)('is answered as one that never was: %s %s', async (method, rest) => {
    const ask = (id: string) => api.send({ method, path: `/v1/jobs/${id}${rest}` });
    const shapeOf = ({ status, headers, body }: RawAnswer, id: string) => ({
      status,
      names: [...headers.keys()].sort(),
      body: body.replaceAll(id, 'ID').replace(/req_[0-9a-f-]+/, 'REQ'),
    });
    const unknown = `job_${'a'.repeat(32)}`;
    const answer = await ask(foreign);
    expectProblem(answer, { status: 404, code: 'job_not_found', param: 'id' });
    expect(shapeOf(answer, foreign)).toEqual(shapeOf(await ask(unknown), unknown));
    await api.expectCheap(`${method} ${rest}`, () => ask(foreign));
  });

  it('is still there for its owner, is in no list, and is found by no key', async () => {
    const own = await api.send({ path: `/v1/jobs/${foreign}`, headers: [bearer(api.keys.acme)] });
    expect(JSON.parse(own.body)).toMatchObject({ id: foreign, status: 'completed' });
    const { body } = await api.send({ path: '/v1/jobs?limit=100' });
    expect(body).not.toContain(foreign);
  });
});

describe('a job id', () => {
  const odd = ['..%2f', '%2e%2e%2f%2e%2e%2fetc', '*', '%00', `${'x'.repeat(8_000)}`, 'job_', `job_${'A'.repeat(32)}`];
  const more = [
    '%F0%9F%94%A5',
    '__proto__',
    '%0d%0ax:y',
    `job_${'a'.repeat(33)}`,
    '%7Bx%7D',
    `${'job_'.padEnd(36, '1')}`,
  ];
  it.each([...odd, ...more])('that is none is not found: %.40s', async (id) => {
    for (const [method, rest] of calls) {
      const request = () => api.send({ method, path: `/v1/jobs/${id}${rest}` });
      expectProblem(await request(), { status: 404, code: 'job_not_found', param: 'id' });
    }
    await api.expectCheap(id, () => api.send({ path: `/v1/jobs/${id}` }));
  });

  it('with a broken escape is malformed', async () => {
    expectProblem(await api.send({ path: '/v1/jobs/%zz' }), { status: 400, code: 'malformed_request' });
  });

  it.each(['/v1/jobs/../../etc/passwd', '/v1/jobs//', '/v1', '/', '//v1/jobs', '/v1/jobs/x/y', '/V2/jobs', '/admin'])(
    'or path that is not served is not found: %s',
    async (path) => expectProblem(await api.send({ path }), { status: 404, code: 'not_found' }),
  );
});

describe('a state that does not allow it', () => {
  it('is said of a running job; cancelled twice it stays cancelled', async () => {
    const id = await api.submitted(apiKey, 'running', 'tokens=5000&itl_ms=20');
    for await (const event of api.stack.client.attach(id)) if (event.type === 'text.delta') break;
    const path = `/v1/jobs/${id}`;
    expectProblem(await api.send({ method: 'DELETE', path }), { status: 409, code: 'job_not_ended', param: 'id' });
    expect((await api.send({ method: 'POST', path: `${path}/retry` })).status).toBe(409);
    const cancelled = await Promise.all([1, 2].map(() => api.send({ method: 'POST', path: `${path}/cancel` })));
    const again = await api.send({ method: 'POST', path: `${path}/cancel` });
    const jobs = [...cancelled, again].map(({ status, body }) => ({ status, job: JSON.parse(body) }));
    expect(jobs.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(jobs[2]?.job).toMatchObject({ status: 'cancelled' });
    expect(jobs[0]?.job).toEqual(jobs[2]?.job);
    expect((await api.send({ method: 'DELETE', path })).status).toBe(200);
    expectProblem(await api.send({ method: 'DELETE', path }), { status: 404, code: 'job_not_found', param: 'id' });
  });

  it('is said of a completed job: it does not run again, and to cancel it changes nothing', async () => {
    const path = `/v1/jobs/${ended}`;
    const retry = await api.send({ method: 'POST', path: `${path}/retry` });
    expect(JSON.parse(retry.body)).toMatchObject({ status: 409, code: 'job_not_retryable' });
    const cancel = await api.send({ method: 'POST', path: `${path}/cancel` });
    expect(JSON.parse(cancel.body)).toMatchObject({ status: 'completed', cancel_requested_at: null });
  });
});

describe('a cursor', () => {
  const bad = ['abc', '-1', '18446744073709551616', '99999', '', '1.5', '0x1', '1e1', ' ', '１', '1,2', 'NaN'];
  it.each(bad)('that is none is refused, in the header and in the query: "%s"', async (value) => {
    const path = `/v1/jobs/${ended}/events`;
    const inHeader = () => api.send({ path, headers: [`last-event-id: ${value}`] });
    expectProblem(await inHeader(), { status: 400, code: 'invalid_cursor', param: 'Last-Event-ID' });
    const inQuery = () => api.send({ path: `${path}?after=${encodeURIComponent(value)}` });
    expectProblem(await inQuery(), { status: 400, code: 'invalid_cursor', param: 'after' });
    await api.expectCheap(`cursor ${value}`, inQuery);
  });

  it('is refused when it is there twice', async () => {
    const path = `/v1/jobs/${ended}/events`;
    const headers = ['last-event-id: 1', 'last-event-id: 2'];
    expectProblem(await api.send({ path, headers }), { status: 400, code: 'invalid_cursor', param: 'Last-Event-ID' });
    const query = await api.send({ path: `${path}?after=1&after=2` });
    expectProblem(query, { status: 400, code: 'invalid_cursor', param: 'after' });
  });
});

describe('a query', () => {
  it.each(['', 'abc', '-1', '61', '1e1', 'NaN', 'Infinity', '0x1', '1&wait=2', '+', '999999999999'])(
    'with a wait that is none is refused: ?wait=%s',
    async (wait) => {
      const request = () => api.send({ path: `/v1/jobs/${ended}?wait=${wait}` });
      expectProblem(await request(), { status: 422, code: 'validation_failed', param: 'wait' });
      await api.expectCheap(`wait ${wait}`, request);
    },
  );

  it.each([
    ['status=weird', 'status'],
    ['status=', 'status'],
    ['status=failed&status=completed', 'status'],
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=many', 'limit'],
    ['limit=', 'limit'],
    [`task=${'t'.repeat(129)}`, 'task'],
    [`cursor=${'c'.repeat(201)}`, 'cursor'],
    ['color=red', 'color'],
    ['tenant=acme', 'tenant'],
    ['__proto__=x', '__proto__'],
    ['metadata.a=1&metadata.a=2', 'metadata.a'],
    ['metadata=x', 'metadata'],
  ])('of the list that does not fit is refused: %.60s', async (query, param) => {
    const request = () => api.send({ path: `/v1/jobs?${query}` });
    expectProblem(await request(), { status: 422, code: 'validation_failed', param });
    await api.expectCheap(query, request);
  });

  it.each(['abc', '', '%00', 'MTpqb2JfYQ', 'LTE6am9i', '*'])('with a bad cursor is refused: "%s"', async (cursor) => {
    const request = () => api.send({ path: `/v1/jobs?cursor=${cursor}` });
    expectProblem(await request(), { status: 400, code: 'invalid_cursor', param: 'cursor' });
    await api.expectCheap(`list ${cursor}`, request);
  });

  it('with a bad key to find is refused', async () => {
    for (const key of ['', 'k'.repeat(256), '%F0%9F%94%A5', '%22abc', 'a%0ab']) {
      const answer = await api.send({ path: `/v1/jobs?idempotency_key=${key}` });
      expectProblem(answer, { status: 400, code: 'invalid_idempotency_key', param: 'idempotency_key' });
    }
  });

  it('for metadata that no job has finds none, whatever its name', async () => {
    for (const name of ['__proto__', 'constructor', 'toString', '']) {
      const { status, body } = await api.send({ path: `/v1/jobs?metadata.${name}=x` });
      expect({ status, ...JSON.parse(body) }).toMatchObject({ status: 200, data: [], has_more: false });
    }
  });
});

describe('a caller', () => {
  const paths = ['/v1/jobs', `/v1/jobs/job_${'a'.repeat(32)}`, `/v1/jobs/job_${'a'.repeat(32)}/events`];
  it.each([
    ['no key', 'authorization:'],
    ['another scheme', 'authorization: Basic aG9sZDpob2xk'],
    ['a key without a scheme', `authorization: ${apiKey}`],
    ['an unknown key', bearer(unknownKey)],
    ['a key in other case', bearer(apiKey.toUpperCase())],
    ['a key and more', bearer(`${apiKey} x`)],
    ['a key with a wildcard', bearer('hold_********************')],
    ['a JWT that says alg none', bearer('eyJhbGciOiJub25lIn0.eyJzdWIiOiJkZWZhdWx0In0.')],
    ['a key of 15 KB', bearer(`hold_${'x'.repeat(15_000)}`)],
    ['an emoji for a key', bearer('🔑')],
    ['the admin key', bearer(adminKey)],
  ])('with %s is not let in', async (title, header) => {
    for (const path of paths) {
      const answer = await api.send({ path, headers: [header] });
      expectProblem(answer, { status: 401, code: 'unauthenticated', param: 'Authorization' });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="holdfast"');
    }
    const posted = await api.submit(chat('stranger', '', marker), header);
    expectProblem(posted, { status: 401, code: 'unauthenticated', param: 'Authorization' });
    await api.expectCheap(title, () => api.send({ path: '/v1/jobs', headers: [header] }));
  });

  it('with a key of 1 MB is told that it is too much', async () => {
    const request = () => api.send({ path: '/v1/jobs', headers: [bearer('x'.repeat(1_000_000))] });
    expectProblem(await request(), { status: 431, code: 'headers_too_large' });
  });

  it('can only do what its key may', async () => {
    const forbidden = { status: 403, code: 'forbidden', param: 'Authorization' };
    expectProblem(await api.submit(chat('reader', '', marker), bearer(api.keys.reader)), forbidden);
    const path = `/v1/jobs/${ended}`;
    for (const [method, rest] of calls) {
      const key = method === 'GET' ? api.keys.submitter : api.keys.reader;
      expectProblem(await api.send({ method, path: `${path}${rest}`, headers: [bearer(key)] }), forbidden);
    }
    expectProblem(await api.send({ path: '/v1/jobs', headers: [bearer(api.keys.submitter)] }), forbidden);
    const other = await api.submit(chat('embedder', '', marker), bearer(api.keys.embedder));
    expectProblem(other, { status: 403, code: 'forbidden', param: 'task' });
    const own = { task: 'embeddings', input: { model: 'sim', input: 'a' } };
    expect((await api.submit(own, bearer(api.keys.embedder))).status).toBe(202);
  });
});

describe('a method', () => {
  it.each([
    ['PUT', '/v1/jobs', 'GET, POST'],
    ['DELETE', '/v1/jobs', 'GET, POST'],
    ['OPTIONS', '/v1/jobs', 'GET, POST'],
    ['TRACE', '/v1/jobs', 'GET, POST'],
    ['PATCH', '/v1/jobs/job_a', 'GET, DELETE'],
    ['POST', '/v1/jobs/job_a', 'GET, DELETE'],
    ['POST', '/v1/jobs/job_a/events', 'GET'],
    ['GET', '/v1/jobs/job_a/cancel', 'POST'],
    ['GET', '/v1/jobs/job_a/retry', 'POST'],
    ['POST', '/healthz', 'GET'],
    ['POST', '/openapi.json', 'GET'],
  ])('that is not served is refused with what is: %s %s', async (method, path, allow) => {
    const answer = await api.send({ method, path });
    expectProblem(answer, { status: 405, code: 'method_not_allowed' });
    expect(answer.headers.get('allow')).toBe(allow);
    await api.expectCheap(`${method} ${path}`, () => api.send({ method, path }));
  });

  it('that does not exist is malformed', async () => {
    expectProblem(await api.send({ method: 'BREW', path: '/v1/jobs' }), { status: 400, code: 'malformed_request' });
  });
});

describe('after all of it', () => {
  it('nobody was called for a refused submit', async () => {
    for (const name of ['stranger', 'reader', 'embedder']) expect((await api.stack.providerCalls(name)).calls).toBe(0);
  });

  it('no log of any process holds a prompt or a key', () => api.expectCleanLogs(unknownKey));
});
