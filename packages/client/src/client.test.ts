import { describe, expect, it } from '@jest/globals';
import { clientFor, hangUp, jobLike, sendJson, sendProblem, startTestServer } from '../testing/server.ts';
import { HoldfastApiError, HoldfastConnectionError, HoldfastWaitTimeoutError } from './errors.ts';

const request = { task: 'chat.completions', input: { model: 'sim', messages: [] } };

describe('submit', () => {
  it('sends the request with a new key and returns the key', async () => {
    await using server = await startTestServer((_request, response) => sendJson(response, 202, jobLike({})));
    const { job, idempotencyKey, replayed } = await clientFor(server.url).submit(request);
    expect(job.id).toBe('job_1');
    expect(replayed).toBe(false);
    expect(idempotencyKey).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/);
    const [seen] = server.requests;
    expect(seen).toMatchObject({ method: 'POST', url: '/v1/jobs' });
    expect(seen?.headers).toMatchObject({ 'content-type': 'application/json', 'idempotency-key': idempotencyKey });
    expect(JSON.parse(seen?.body ?? '')).toEqual(request);
  });

  it('is sent again with the same key and body after lost answers, cut ones, 5xx and 429', async () => {
    await using server = await startTestServer((_request, response, nth) => {
      if (nth === 1) return hangUp(response);
      if (nth === 2) return sendProblem(response, 503, { code: 'store_unavailable' });
      if (nth === 3) return sendProblem(response, 429, { code: 'too_many_requests' });
      if (nth === 4) {
        response.writeHead(202, { 'content-type': 'application/json', 'content-length': 500 });
        return response.write('{"id":', () => hangUp(response));
      }
      sendJson(response, 200, jobLike({}), { 'idempotent-replayed': 'true' });
    });
    const { replayed } = await clientFor(server.url).submit(request);
    expect(replayed).toBe(true);
    expect(server.requests).toHaveLength(5);
    expect(new Set(server.requests.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(new Set(server.requests.map(({ body }) => body)).size).toBe(1);
  });

  it('is sent again when no answer comes in time', async () => {
    await using server = await startTestServer((_request, response, nth) => {
      if (nth > 1) sendJson(response, 202, jobLike({}));
    });
    const { job } = await clientFor(server.url, { requestTimeoutMs: 50, retry: { maxRetries: 100 } }).submit(request);
    expect(job.id).toBe('job_1');
    // More often where the machine is so busy that an answer takes as long.
    expect(server.requests.length).toBeGreaterThanOrEqual(2);
  });

  it('gives up after its retries, with the key still good for another submit', async () => {
    await using server = await startTestServer((_request, response) => hangUp(response));
    const client = clientFor(server.url, { retry: { baseDelayMs: 1, maxRetries: 2 } });
    await expect(client.submit(request, { idempotencyKey: 'k' })).rejects.toThrow(HoldfastConnectionError);
    expect(server.requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['k', 'k', 'k']);
  });

  it('waits as long as Retry-After says, and throws when that is too long', async () => {
    await using server = await startTestServer((_request, response, nth) => {
      if (nth === 1) return sendProblem(response, 429, { code: 'too_many_requests' }, { 'retry-after': '0.2' });
      sendProblem(response, 503, { code: 'store_unavailable' }, { 'retry-after': '3600' });
    });
    const begun = performance.now();
    const submitting = clientFor(server.url).submit(request);
    await expect(submitting).rejects.toMatchObject({ status: 503, retryAfterMs: 3_600_000 });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(195);
    expect(server.requests).toHaveLength(2);
  });

  it('waits for a budget that will be free again, and not for one that never will', async () => {
    await using server = await startTestServer((_request, response, nth) => {
      sendProblem(response, 402, { code: 'budget_exceeded' }, nth === 1 ? { 'retry-after': '0.2' } : {});
    });
    await expect(clientFor(server.url).submit(request)).rejects.toMatchObject({ status: 402, retryable: false });
    expect(server.requests).toHaveLength(2);
  });

  it('quotes a key that would otherwise be read as another one', async () => {
    await using server = await startTestServer((_request, response) => sendJson(response, 202, jobLike({})));
    await clientFor(server.url).submit(request, { idempotencyKey: '"a\\' });
    await clientFor(server.url).submit(request, { idempotencyKey: 'a"b' });
    expect(server.requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['"\\"a\\\\"', 'a"b']);
  });

  it('throws the reason of the signal, before sending and while it waits', async () => {
    await using server = await startTestServer((_request, response) => {
      hangUp(response);
      controller.abort(new Error('enough'));
    });
    const controller = new AbortController();
    const submit = () => clientFor(server.url).submit(request, { signal: controller.signal });
    await expect(submit()).rejects.toThrow('enough');
    await expect(submit()).rejects.toThrow('enough');
    expect(server.requests).toHaveLength(1);
  });
});

describe('errors', () => {
  it('carry what the problem document says, and are not repeated where that is pointless', async () => {
    const issues = [{ path: 'input.model', message: 'is missing' }];
    const problem = {
      title: 'T',
      detail: 'D',
      code: 'validation_failed',
      param: 'input.model',
      issues,
      request_id: 'r1',
    };
    await using server = await startTestServer((_request, response) => sendProblem(response, 422, problem));
    const error: unknown = await clientFor(server.url)
      .submit(request)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HoldfastApiError);
    expect(error).toMatchObject({ status: 422, code: 'validation_failed', message: 'D', param: 'input.model' });
    expect(error).toMatchObject({ requestId: 'r1', issues, retryable: false });
    expect(server.requests).toHaveLength(1);
  });

  it('are made of answers that are not problem documents, too', async () => {
    await using server = await startTestServer((_request, response) => {
      response.writeHead(403, { 'x-request-id': 'r2' }).end('<html>');
    });
    await expect(clientFor(server.url).get('job_1')).rejects.toMatchObject({
      code: 'http_403',
      message: 'The server answered 403 Forbidden and gave no reason.',
      requestId: 'r2',
    });
  });

  it('name a 2xx that is not JSON', async () => {
    await using server = await startTestServer((_request, response) => response.end('<html>'));
    await expect(clientFor(server.url).get('job_1')).rejects.toMatchObject({ code: 'unreadable_answer' });
  });

  it('are thrown at once for arguments that cannot be sent', async () => {
    const client = clientFor('http://127.0.0.1:9');
    await expect(client.get('')).rejects.toThrow('not a job id');
    await expect(client.get('..')).rejects.toThrow('not a job id');
    await expect(client.submit(request, { idempotencyKey: '🦊' })).rejects.toThrow('ByteString');
    expect(() => clientFor('nowhere')).toThrow('baseUrl has no scheme; write https://nowhere (or http://nowhere).');
  });
});

describe('wait', () => {
  it('polls until the job has ended, asking the server to hold each answer', async () => {
    await using server = await startTestServer((_request, response, nth) => {
      if (nth === 3) return hangUp(response);
      sendJson(response, 200, jobLike({ status: nth < 5 ? 'running' : 'failed' }));
    });
    expect((await clientFor(server.url).wait('job_1')).status).toBe('failed');
    expect(server.requests.map(({ url }) => url)).toEqual(Array(5).fill('/v1/jobs/job_1?wait=50'));
  });

  it('throws when its time is up, even while the server holds the answer', async () => {
    await using server = await startTestServer(() => undefined);
    await expect(clientFor(server.url).wait('job_1', { timeoutMs: 50 })).rejects.toThrow(HoldfastWaitTimeoutError);
  });

  it('throws the reason of the signal', async () => {
    await using server = await startTestServer(() => controller.abort(new Error('enough')));
    const controller = new AbortController();
    const { signal } = controller;
    await expect(clientFor(server.url).wait('job_1', { timeoutMs: 60_000, signal })).rejects.toThrow('enough');
  });
});

describe('the other calls', () => {
  it('find a job by its key, with its answer, which lists do not include; or null', async () => {
    await using server = await startTestServer(({ url }, response) => {
      if (url === '/v1/jobs/job_1') return sendJson(response, 200, jobLike({ status: 'completed', output: 'Hello' }));
      const data = url.endsWith('=a+%26b') ? [jobLike({ status: 'completed' })] : [];
      sendJson(response, 200, { object: 'list', data, has_more: false, next_cursor: null });
    });
    expect(await clientFor(server.url).find('a &b')).toMatchObject({ id: 'job_1', output: 'Hello' });
    expect(await clientFor(server.url).find('c')).toBeNull();
    expect(server.requests.map(({ url }) => url)).toEqual([
      '/v1/jobs?idempotency_key=a+%26b',
      '/v1/jobs/job_1',
      '/v1/jobs?idempotency_key=c',
    ]);
  });

  it('find nothing where the job is deleted before its answer is fetched', async () => {
    await using server = await startTestServer(({ url }, response) => {
      if (url === '/v1/jobs/job_1') return sendProblem(response, 404, { code: 'job_not_found' });
      sendJson(response, 200, { object: 'list', data: [jobLike({})], has_more: false, next_cursor: null });
    });
    expect(await clientFor(server.url).find('a')).toBeNull();
  });

  it('cancel by a separate request, which may be repeated', async () => {
    await using server = await startTestServer((_request, response, nth) => {
      if (nth === 1) return hangUp(response);
      sendJson(response, 200, jobLike({ status: 'cancelled' }));
    });
    expect((await clientFor(server.url).cancel('job_1')).status).toBe('cancelled');
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual(
      Array(2).fill('POST /v1/jobs/job_1/cancel'),
    );
  });

  it('retry a job, but never twice for one call', async () => {
    await using server = await startTestServer((_request, response, nth) => {
      if (nth === 1) return sendProblem(response, 429, { code: 'too_many_requests' });
      if (nth === 2) return sendJson(response, 202, jobLike({}));
      hangUp(response);
    });
    expect((await clientFor(server.url).retry('job_1')).status).toBe('queued');
    await expect(clientFor(server.url).retry('job_1')).rejects.toThrow(HoldfastConnectionError);
    expect(server.requests).toHaveLength(3);
  });

  it('delete a job, also when the answer was lost', async () => {
    await using server = await startTestServer((_request, response, nth) => {
      if (nth === 1) return response.writeHead(204).end();
      if (nth === 2) return hangUp(response);
      sendProblem(response, 404, { code: 'job_not_found' });
    });
    const client = clientFor(server.url);
    await client.delete('job_1');
    await client.delete('job_1');
    await expect(client.delete('job_1')).rejects.toMatchObject({ code: 'job_not_found' });
  });

  it('list one page, or every job page by page', async () => {
    await using server = await startTestServer(({ url }, response) => {
      const isLast = url.includes('cursor=c2');
      const data = isLast ? [jobLike({ id: 'job_3' })] : [jobLike({ id: 'job_1' }), jobLike({ id: 'job_2' })];
      sendJson(response, 200, { object: 'list', data, has_more: !isLast, next_cursor: isLast ? null : 'c2' });
    });
    const client = clientFor(server.url);
    const filter = { status: 'failed', limit: 2, metadata: { user: 'ü 1' } } as const;
    expect((await client.list(filter)).data.map(({ id }) => id)).toEqual(['job_1', 'job_2']);
    const ids: string[] = [];
    for await (const { id } of client.listAll(filter)) ids.push(id);
    expect(ids).toEqual(['job_1', 'job_2', 'job_3']);
    expect(server.requests.map(({ url }) => url)).toEqual([
      '/v1/jobs?status=failed&limit=2&metadata.user=%C3%BC+1',
      '/v1/jobs?status=failed&limit=2&metadata.user=%C3%BC+1',
      '/v1/jobs?status=failed&limit=2&cursor=c2&metadata.user=%C3%BC+1',
    ]);
  });
});
