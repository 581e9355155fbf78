import { createLogger } from '@holdfast/service';
import { createServerApp, listen, type RequestHandler, type RunningServer } from '@holdfast/service/http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { until } from '../../../../packages/core/testing/until.ts';
import { answerInTime } from './answer-in-time.ts';

const ASKED_MS = 2_000;

/** A request that its handler holds, as one whose commands are slow. */
interface Held {
  goOn: () => void;
  /** The handler is done. */
  over: Promise<void>;
}
const held: Held[] = [];

function holding(handler: (hold: Promise<void>) => RequestHandler): RequestHandler {
  return async (request, response, next) => {
    const hold = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    held.push({ goOn: hold.resolve, over: over.promise });
    await Promise.resolve(handler(hold.promise)(request, response, next)).finally(over.resolve);
  };
}

const answerLate = holding((hold) => async (_request, response) => {
  await hold;
  response.setHeader('content-type', 'text/plain');
  response.end('late');
});

const stream = holding((hold) => async (_request, response) => {
  response.flushHeaders();
  await hold;
  response.end('whole');
});

let server: RunningServer;
beforeAll(async () => {
  const app = createServerApp({
    logger: createLogger('test', 'silent'),
    routes: (routes) => {
      routes.get('/slow', answerInTime(answerLate));
      routes.get(
        '/asked',
        answerInTime(answerLate, () => ASKED_MS),
      );
      routes.get('/stream', answerInTime(stream));
    },
  });
  server = await listen(app, { host: '127.0.0.1', port: 0 });
});
beforeEach(() => {
  held.length = 0;
  // Only what the bound goes by is held: sockets and all else go on.
  jest.useFakeTimers({ doNotFake: ['Date', 'hrtime', 'nextTick', 'queueMicrotask', 'setImmediate', 'setTimeout'] });
});
afterEach(() => {
  // What was called off still has its tick, which must come by the same clock.
  jest.advanceTimersByTime(60_000);
  jest.useRealTimers();
});
afterAll(() => server.close(0));

/** Asks, and waits until the handler has it. */
async function ask(path: string): Promise<{ answer: Promise<Response>; handler: Held }> {
  const before = held.length;
  const answer = fetch(`${server.url}${path}`);
  return { answer, handler: await until('it is there', () => held[before]) };
}

const told = async (answer: Promise<Response>) => [(await answer).status, await (await answer).text()];

describe('an answer', () => {
  it('that comes too late is a 503 by then, and the late one harms nobody', async () => {
    const { answer, handler } = await ask('/slow');
    jest.advanceTimersByTime(2_500);
    const response = await answer;
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toMatchObject({ code: 'store_unavailable' });
    handler.goOn();
    await handler.over.catch(() => undefined);
    const next = await ask('/slow');
    next.handler.goOn();
    expect(await told(next.answer)).toEqual([200, 'late']);
  });

  it('may take as long as the client asked it to wait, and a stream that has begun any time', async () => {
    const [asked, never, streamed] = [await ask('/asked'), await ask('/asked'), await ask('/stream')];
    jest.advanceTimersByTime(4_000);
    asked.handler.goOn();
    expect(await told(asked.answer)).toEqual([200, 'late']);
    jest.advanceTimersByTime(500);
    expect((await never.answer).status).toBe(503);
    never.handler.goOn();
    streamed.handler.goOn();
    expect(await told(streamed.answer)).toEqual([200, 'whole']);
  });
});
