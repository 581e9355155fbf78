import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { startTestApp, type TestApp, until } from '../../testing/app.ts';
import { readBodyAs, readJsonBody } from './json-body.ts';

const LIMIT = 1_000;

let app: TestApp;
let begun = false;
beforeAll(async () => {
  app = await startTestApp({
    routes: (routes) => {
      routes.use((_request, _response, next) => {
        begun = true;
        next();
      });
      routes.post('/echo', async (request, response) => {
        response.json(await readJsonBody(request, LIMIT));
      });
      routes.post('/parsed', async (request, response) => {
        response.json(await readBodyAs(request, z.strictObject({ n: z.int() }), LIMIT));
      });
    },
  });
});
afterAll(() => app.close(0));

const json = { 'content-type': 'application/json' };

async function post(path: string, body: BodyInit | undefined, headers: Record<string, string> = json) {
  const response = await fetch(`${app.url}${path}`, {
    method: 'POST',
    headers,
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** The first bytes that come back, though the request never ends. */
function firstAnswer(head: string, body: string | Buffer = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.on('error', reject);
    socket.write(`POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${head}\r\n\r\n`);
    socket.write(body);
  });
}

/** A JSON text of exactly so many bytes. */
const sized = (bytes: number) => `{"a":"${'x'.repeat(bytes - 8)}"}`;

describe('a JSON body', () => {
  it.each(['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON', 'application/ld+json'])(
    'is read with the type %s, and kept as it was sent',
    async (type) => {
      const text = ' {"b": 1,\n"a": "é"} ';
      expect(await post('/echo', text, { 'content-type': type })).toEqual({
        status: 200,
        body: { text, value: { b: 1, a: 'é' } },
      });
    },
  );

  it.each(['text/plain', 'application/jsonp', 'application/x-www-form-urlencoded', 'text/json', ''])(
    'is refused with the type "%s"',
    async (type) => {
      const answer = await post('/echo', Buffer.from('{}'), { 'content-type': type });
      expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported_media_type', param: 'Content-Type' } });
    },
  );

  it('must be present, and be an object', async () => {
    for (const body of [undefined, '', 'null', '[]', '1', '"x"']) {
      expect(await post('/echo', body)).toMatchObject({ status: 400, body: { code: 'malformed_json', param: null } });
    }
  });

  it('has to fit the schema', async () => {
    expect(await post('/parsed', '{"n":1}')).toEqual({ status: 200, body: { n: 1 } });
    expect(await post('/parsed', '{"n":"1"}')).toMatchObject({ status: 422, body: { param: 'n' } });
    expect(await post('/parsed', '{"n":1,"x":2}')).toMatchObject({ status: 422, body: { param: 'x' } });
  });

  it('may be as large as the limit, and no larger', async () => {
    expect((await post('/echo', sized(LIMIT))).status).toBe(200);
    const answer = await post('/echo', sized(LIMIT + 1));
    expect(answer).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
    expect(answer.body.detail).toContain(String(LIMIT));
  });

  it('that is too large by its Content-Length is refused before it has come', async () => {
    expect(await firstAnswer('content-length: 10000000000')).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('that is too large in chunks is refused where it passes the limit, although more follows', async () => {
    const chunk = `400\r\n${'x'.repeat(1_024)}\r\n`;
    expect(await firstAnswer('transfer-encoding: chunked', chunk)).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('that is compressed is refused, whatever its content', async () => {
    for (const encoding of ['gzip', 'deflate', 'br', 'GZIP', 'gzip, identity', 'x']) {
      const answer = await post('/echo', '{}', { ...json, 'content-encoding': encoding });
      expect(answer).toMatchObject({
        status: 415,
        body: { code: 'unsupported_media_type', param: 'Content-Encoding' },
      });
    }
    expect((await post('/echo', '{}', { ...json, 'content-encoding': 'identity' })).status).toBe(200);
  });

  it('that breaks off leaves a line in the log and no error', async () => {
    const before = app.lines.length;
    begun = false;
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    socket.write('POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"a"');
    await until('the request has begun', () => begun);
    socket.resetAndDestroy();
    await until('its line', () => app.lines.length > before);
    expect(app.lines.at(-1)?.level).toBeLessThan(50);
    expect((await post('/echo', '{}')).status).toBe(200);
  });
});
