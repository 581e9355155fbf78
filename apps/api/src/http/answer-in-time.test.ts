import { setTimeout as delay } from 'node:timers/promises';
import { createLogger, createServerApp, listen, type RequestHandler, type RunningServer } from '@holdfast/service';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answerInTime } from './answer-in-time.ts';

const MS = { slow: 4_000, asked: 2_000 };

/** Answers after so many ms, as a request does whose commands are slow one by one. */
const answerAfter =
  (ms: number): RequestHandler =>
  async (_request, response) => {
    await delay(ms);
    response.setHeader('content-type', 'text/plain');
    response.end('late');
  };

const stream: RequestHandler = async (_request, response) => {
  response.flushHeaders();
  await delay(MS.slow);
  response.end('whole');
};

let server: RunningServer;
beforeAll(async () => {
  const app = createServerApp({
    logger: createLogger('test', 'silent'),
    routes: (routes) => {
      routes.get('/slow', answerInTime(answerAfter(MS.slow)));
      routes.get(
        '/asked',
        answerInTime(answerAfter(MS.slow), () => MS.asked),
      );
      routes.get('/stream', answerInTime(stream));
    },
  });
  server = await listen(app, { host: '127.0.0.1', port: 0 });
});
afterAll(() => server.close(0));

describe('an answer', () => {
  it('that comes too late is a 503 by then, and the late one harms nobody', async () => {
    const began = performance.now();
    const response = await fetch(`${server.url}/slow`);
    // The whole time of the request, with room for a busy machine: without the bound it takes 4 s.
    expect(performance.now() - began).toBeLessThan(3_500);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toMatchObject({ code: 'store_unavailable' });
    await delay(MS.slow - 2_200);
    expect((await fetch(`${server.url}/slow`)).status).toBe(503);
  });

  it('may take as long as the client asked it to wait, and a stream that has begun any time', async () => {
    const [asked, streamed] = await Promise.all([fetch(`${server.url}/asked`), fetch(`${server.url}/stream`)]);
    expect([asked.status, await asked.text()]).toEqual([200, 'late']);
    expect([streamed.status, await streamed.text()]).toEqual([200, 'whole']);
  });
});
