import { RequestError } from '@holdfast/core';
import { createLogger } from '@holdfast/service';
import { createServerApp, listen, type RunningServer } from '@holdfast/service/http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answerBoardErrors } from './board-errors.ts';

class StoreAway extends Error {}

const lines: string[] = [];
let server: RunningServer;
beforeAll(async () => {
  const storeError = (error: unknown) =>
    error instanceof StoreAway
      ? new RequestError('store_unavailable', 'Redis does not answer.', { cause: error, retryAfterMs: 1_000 })
      : null;
  const app = createServerApp({
    logger: createLogger('console', 'info', { destination: { write: (line) => void lines.push(line) } }),
    routes: (routes) => {
      const thrown: Record<string, unknown> = {
        '/away': new StoreAway('connect ECONNREFUSED'),
        '/bug': new Error('secret'),
        '/malformed': Object.assign(new Error('at position 1'), { status: 400 }),
      };
      for (const [path, error] of Object.entries(thrown)) {
        routes.get(path, () => {
          throw error;
        });
      }
      routes.use(answerBoardErrors(storeError));
    },
  });
  server = await listen(app, { host: '127.0.0.1', port: 0 });
});
afterAll(() => server.close(0));

async function ask(path: string) {
  lines.length = 0;
  const answer = await fetch(server.url + path);
  const body = (await answer.json()) as { code: string; message?: string; error: { key?: string; message: string } };
  return { answer, body };
}

describe('an error on a page of Bull Board', () => {
  it('is a problem document with the members that the page shows, here when Redis is away', async () => {
    const { answer, body } = await ask('/away');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(body).toMatchObject({ code: 'store_unavailable', message: 'Redis does not answer.' });
    expect(body.error).toMatchObject({ key: 'Store unavailable', message: 'Redis does not answer.' });
    expect(lines.join('')).toContain('"status":503');
  });

  it('of a bug in the console hides the details, and the log has them', async () => {
    const { answer, body } = await ask('/bug');
    expect([answer.status, body.message, body.error.key]).toEqual([
      500,
      'Something went wrong on our side. It has been logged with the request id.',
      'Internal error',
    ]);
    expect(JSON.stringify(body)).not.toContain('secret');
    expect(lines.join('')).toContain('"err"');
  });

  it('of a request that no page sends is answered by the server base', async () => {
    const { answer, body } = await ask('/malformed');
    expect([answer.status, body.code]).toEqual([400, 'malformed_request']);
  });
});
