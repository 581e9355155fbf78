import { connect } from 'node:net';
import { RequestError } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import { startTestApp, type TestApp, until } from '../../testing/app.ts';
import { listen } from './server.ts';

const secret = 'secret-of-a-client';

class StoreAway extends Error {}

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({
    translateError: (error) =>
      error instanceof StoreAway
        ? new RequestError('store_unavailable', 'Send the same again.', { retryAfterMs: 1_500, cause: error })
        : null,
    routes: (routes) => {
      routes.get('/ok/:id', (request, response) => void response.end(`ok ${request.params.id}`));
      routes.get('/refused', () => {
        throw new RequestError('invalid_cursor', 'after: a number', { param: 'after' });
      });
      routes.get('/broken', async () => {
        throw new Error(`it broke`, { cause: secret });
      });
      routes.get('/away', async () => {
        throw new StoreAway('away');
      });
      routes.get('/stranger', () => {
        throw new RequestError('unauthenticated', 'Send an API key.');
      });
      routes.get('/page', (_request, response) => {
        response.setHeader('content-security-policy', "default-src 'self'");
        response.set('X-Frame-Options', 'DENY').send('page');
      });
      routes.get('/head', (_request, response) => {
        response.writeHead(203, 'Odd', ['x-own', '1']).end();
      });
      routes.get('/twice', (_request, response) => {
        response.end('once');
        response.write('twice');
      });
      routes.get('/half', (_request, response) => {
        response.write('half');
        throw new Error('in the middle');
      });
    },
  });
});
afterAll(() => app.close(0));

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${app.url}${path}`, { headers });

/** Everything that comes back for these bytes until the connection ends. */
function converse(bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    let text = '';
    socket.on('data', (data) => {
      text += data;
    });
    socket.on('close', () => resolve(text)).on('error', reject);
    socket.write(bytes);
  });
}

/** The log line of the request that was answered with this id. */
function lineOf(response: Response) {
  const id = response.headers.get('x-request-id');
  return until(`a line of ${id}`, () => app.lines.find(({ req }) => (req as { id?: string } | undefined)?.id === id));
}

describe('a request id', () => {
  it.each(['abc', 'A.b-c_9', 'x'.repeat(128)])('is taken over when it is well-formed: %s', async (id) => {
    const response = await get('/ok/1', { 'x-request-id': id });
    expect(response.headers.get('x-request-id')).toBe(id);
  });

  it.each(['', 'a b', 'x'.repeat(129), 'a"b', '{}', 'é'])('is made when it is not: "%s"', async (id) => {
    const response = await get('/ok/1', { 'x-request-id': id });
    expect(response.headers.get('x-request-id')).toMatch(/^req_[0-9a-f-]{36}$/);
  });

  it('is in the problem document', async () => {
    const response = await get('/refused', { 'x-request-id': 'mine' });
    expect(await response.json()).toMatchObject({ code: 'invalid_cursor', request_id: 'mine' });
  });
});

describe('an answer', () => {
  it('has security headers and does not name the software that serves it', async () => {
    const { headers } = await get('/ok/1');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
    expect(headers.get('x-frame-options')).toBe('SAMEORIGIN');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('server')).toBeNull();
  });
});

describe('an answer that writes its own head', () => {
  it('has the security headers but for those that it has set itself', async () => {
    const { headers } = await get('/page');
    expect(headers.get('content-security-policy')).toBe("default-src 'self'");
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-request-id')).toMatch(/^req_/);
  });

  it('has them in whatever form it writes its head', async () => {
    const { status, statusText, headers } = await get('/head');
    expect([status, statusText, headers.get('x-own')]).toEqual([203, 'Odd', '1']);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-request-id')).toMatch(/^req_/);
  });

  it('and writes on after its end, harms nobody, and leaves the reason in the log', async () => {
    const response = await get('/twice');
    expect(await response.text()).toBe('once');
    expect(await lineOf(response)).toMatchObject({ level: 30, err: expect.anything() });
    expect((await get('/ok/1')).status).toBe(200);
  });
});

describe('a problem document', () => {
  it('comes in one piece, with its length', async () => {
    const response = await get('/refused');
    expect(response.headers.get('content-length')).toBe(String((await response.arrayBuffer()).byteLength));
  });
});

describe('an error', () => {
  it('that is ours is sent as it is, and not stored by caches', async () => {
    const response = await get('/refused');
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toMatchObject({ code: 'invalid_cursor', detail: 'after: a number', param: 'after' });
  });

  it('that is unexpected tells the client nothing, and the log where it happened', async () => {
    const response = await get('/broken');
    const body = await response.text();
    expect(response.status).toBe(500);
    expect(JSON.parse(body)).toMatchObject({ code: 'internal_error', error: { type: 'server_error' } });
    expect(body).not.toMatch(/it broke|server\.test/);
    const line = await lineOf(response);
    expect(line).toMatchObject({ level: 50, err: { type: 'Error', message: 'it broke' } });
    expect(JSON.stringify(line)).toContain('server.test.ts');
    expect(JSON.stringify(line)).not.toContain(secret);
  });

  it('that is known to the app is translated, with a Retry-After', async () => {
    const response = await get('/away');
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('2');
    expect(await response.json()).toMatchObject({ code: 'store_unavailable' });
  });

  it('of who is not known says how to ask', async () => {
    const response = await get('/stranger');
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="holdfast"');
  });

  it('in the middle of an answer cuts it off, so that it doesn’t look complete', async () => {
    await expect(get('/half').then((response) => response.text())).rejects.toThrow();
  });

  it('is the answer at an unknown path, and at one with a broken escape', async () => {
    const unknown = await get('/nothing');
    expect(await unknown.json()).toMatchObject({ status: 404, code: 'not_found' });
    const broken = await get('/ok/%zz');
    expect(await broken.json()).toMatchObject({ status: 400, code: 'malformed_request' });
  });
});

describe('the log', () => {
  it('has a line per request by allow-list: no query, no header, no body', async () => {
    const response = await get(`/ok/job_1?q=${secret}`, { authorization: secret, 'user-agent': secret });
    const line = await lineOf(response);
    expect(line).toMatchObject({ level: 20, req: { method: 'GET', path: '/ok/job_1' }, res: { status: 200 } });
    expect(Object.keys(line.req ?? {})).toEqual(['id', 'method', 'path']);
    expect(JSON.stringify(line)).not.toContain(secret);
  });

  it('distinguishes refusals from failures', async () => {
    expect(await lineOf(await get('/refused'))).toMatchObject({ level: 30, res: { status: 400 } });
    expect(await lineOf(await get('/away'))).toMatchObject({ level: 50, res: { status: 503 } });
  });
});

describe('what happens before there is a request', () => {
  it.each([
    ['no HTTP', 'hello\r\n\r\n', 400, 'malformed_request'],
    ['a header with a line break in it', 'GET / HTTP/1.1\r\nhost: x\r\na: b\nc\r\n\r\n', 400, 'malformed_request'],
    [
      'more headers than fit',
      `GET / HTTP/1.1\r\nhost: x\r\na: ${'x'.repeat(17_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
  ])('is answered with a problem document too: %s', async (_, bytes, status, code) => {
    const answer = await converse(bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*content-type: application/problem\\+json\r\n`));
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ status, code });
  });

  it('has to come in time, and so has the rest of a request', async () => {
    const { requestTimeout, headersTimeout } = app.server;
    expect([requestTimeout, headersTimeout]).toEqual([30_000, 10_000]);
    Object.assign(app.server, { requestTimeout: 200, headersTimeout: 200 });
    try {
      const answers = await Promise.all([
        converse('GET / HTTP/1.1\r\nhost: x\r\n'),
        converse('POST /ok HTTP/1.1\r\nhost: x\r\ncontent-length: 5000\r\n\r\n{'),
      ]);
      expect(answers[0]).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"request_timeout"/);
      expect(answers[1]).toContain('"code":"request_timeout"');
    } finally {
      Object.assign(app.server, { requestTimeout, headersTimeout });
    }
  });
});

describe('listening', () => {
  it('fails with the address and the reason when the port is taken', async () => {
    const port = Number(new URL(app.url).port);
    const again = listen(express(), { host: '127.0.0.1', port });
    await expect(again).rejects.toMatchObject({
      code: 'cannot_listen',
      message: `Can't listen on 127.0.0.1:${port}: the port is in use.`,
    });
  });

  it('ends within its grace although a request is still under way', async () => {
    let arrived = false;
    const slow = await startTestApp({
      routes: (routes) =>
        routes.get('/slow', () => {
          arrived = true;
        }),
    });
    const pending = fetch(`${slow.url}/slow`).catch(() => 'cut');
    await until('the request is there', () => arrived);
    await slow.close(100);
    expect(await pending).toBe('cut');
  });
});
