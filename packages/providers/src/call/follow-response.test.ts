import { afterEach, describe, expect, it } from '@jest/globals';
import {
  backgroundEvents,
  finished,
  startBackgroundUpstream,
  stopBackgroundUpstreams,
  stored,
} from '../../testing/background-upstream.ts';
import { answerJson, beginStream, until } from '../../testing/fake-upstream.ts';

afterEach(stopBackgroundUpstreams);

type Handler = Parameters<typeof startBackgroundUpstream>[0];
const resumeAfter = (after: number) => ({ resume: { responseId: 'resp_1', after } });
const result = { kind: 'result', output: finished, usage: { input_tokens: 4, output_tokens: 3 } };
const problem = { error: { message: 'M', type: 't', param: null, code: null } };
const isStream = (path: string | undefined) => path?.includes('stream=true') === true;

describe('a response that is resumed', () => {
  it('is streamed from the cursor on, its first delta whole, its id not emitted again', async () => {
    const upstream = await startBackgroundUpstream((response) => beginStream(response, ...backgroundEvents.slice(4)));
    const { events } = await upstream.call({ ...resumeAfter(3), idempotencyKey: 'key' });
    expect(upstream.asked()).toEqual(['GET /v1/responses/resp_1?stream=true&starting_after=3']);
    expect(upstream.requests[0]?.headers).not.toHaveProperty('idempotency-key');
    expect(events).toEqual([
      { kind: 'text', text: 'b', event: backgroundEvents[4], cursor: 4 },
      { kind: 'text', text: 'c', cursor: 5 },
      { kind: 'event', event: backgroundEvents[6], cursor: 6 },
      result,
    ]);
  });

  it('is streamed from its first event for a caller that has none', async () => {
    const upstream = await startBackgroundUpstream((response) => beginStream(response, ...backgroundEvents));
    const { events } = await upstream.call({ ...resumeAfter(-1), body: { include: ['reasoning', 5] } });
    expect(decodeURIComponent(upstream.asked()[0] ?? '')).toBe(
      'GET /v1/responses/resp_1?include[]=reasoning&stream=true',
    );
    expect(events[0]).toEqual({ kind: 'event', event: backgroundEvents[0], cursor: 0 });
    expect(events).toHaveLength(8);
    await upstream.call(resumeAfter(0));
    expect(upstream.asked()[1]).toBe('GET /v1/responses/resp_1?stream=true&starting_after=0');
  });

  it.each([3, 5, 6])('emits nothing twice where the provider begins at the beginning (after %i)', async (after) => {
    const upstream = await startBackgroundUpstream((response) => beginStream(response, ...backgroundEvents));
    const { events } = await upstream.call(resumeAfter(after));
    expect(events.map((event) => ('cursor' in event ? event.cursor : event.kind))).toEqual([
      ...[4, 5, 6].filter((cursor) => cursor > after),
      'result',
    ]);
    expect(upstream.requests).toHaveLength(1);
  });

  it('is asked for its result where its stream has no more events', async () => {
    const upstream = await startBackgroundUpstream((response, { path }) => {
      if (!isStream(path)) return answerJson(response, 200, finished);
      beginStream(response);
      response.end();
    });
    expect((await upstream.call(resumeAfter(6))).events).toEqual([result]);
  });

  it('is cut where its stream ends without an end, and where it stays without events while it runs', async () => {
    let events = backgroundEvents.slice(4, 5);
    const upstream = await startBackgroundUpstream((response, { path }) => {
      if (!isStream(path)) return answerJson(response, 200, stored('in_progress'));
      beginStream(response, ...events);
      response.end();
    });
    const cut = { code: 'provider_stream_cut', retryable: true, ambiguous: false };
    expect((await upstream.call(resumeAfter(3))).error).toMatchObject(cut);
    expect(upstream.requests).toHaveLength(1);
    events = [];
    expect((await upstream.call(resumeAfter(4))).error).toMatchObject(cut);
    expect(upstream.requests).toHaveLength(3);
  });

  it('may have an id of any characters', async () => {
    const upstream = await startBackgroundUpstream((response) => beginStream(response, ...backgroundEvents));
    await upstream.call({ resume: { responseId: 'a/../b?c#d', after: 1 } });
    expect(upstream.asked()).toEqual(['GET /v1/responses/a%2F..%2Fb%3Fc%23d?stream=true&starting_after=1']);
  });
});

describe('a response that cannot be streamed when it is resumed', () => {
  const pollAfter = { 'openai-poll-after-ms': '100' };

  it.each<[string, Handler]>([
    ['refuses to', (response) => answerJson(response, 400, problem)],
    ['finds the query invalid', (response) => answerJson(response, 422, problem)],
    ['answers in one piece', (response) => answerJson(response, 200, stored('in_progress'))],
  ])('is polled where the provider %s, at the pace that it asks for', async (_, refuse) => {
    const states = [stored('queued'), stored('in_progress'), finished];
    const times: number[] = [];
    const upstream = await startBackgroundUpstream((response, request) => {
      if (isStream(request.path)) return refuse(response, request);
      times.push(performance.now());
      answerJson(response, 200, states.shift() ?? {}, pollAfter);
    });
    expect((await upstream.call(resumeAfter(3))).events).toEqual([result]);
    expect(upstream.asked().slice(1)).toEqual(Array(3).fill('GET /v1/responses/resp_1'));
    // Timers may be a moment early; two pauses of a second, or none, would show.
    expect((times[2] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(180);
    expect((times[2] ?? 0) - (times[0] ?? 0)).toBeLessThan(1_950);
  });

  it('is polled about once a second where the provider names no pace', async () => {
    const states = [stored('queued'), finished];
    const times: number[] = [];
    const upstream = await startBackgroundUpstream((response, { path }) => {
      if (isStream(path)) return answerJson(response, 400, problem);
      times.push(performance.now());
      answerJson(response, 200, states.shift() ?? {});
    });
    expect((await upstream.call(resumeAfter(3))).events).toEqual([result]);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(950);
  });

  it('ends the polling at an abort, at once and with its reason', async () => {
    let answered = false;
    const upstream = await startBackgroundUpstream((response, { path }) => {
      if (isStream(path)) return answerJson(response, 400, problem);
      response.on('finish', () => {
        answered = true;
      });
      answerJson(response, 200, stored('in_progress'), { 'openai-poll-after-ms': '60000' });
    });
    const caller = new AbortController();
    const ended = upstream.call({ ...resumeAfter(3), signal: caller.signal });
    await until('it is answered', () => answered);
    // The answer has left the server; the client needs a moment of the same event loop to read it and to begin to wait.
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    const reason = new Error('drain');
    caller.abort(reason);
    expect((await ended).error).toBe(reason);
    expect(upstream.asked().filter((asked) => asked.startsWith('POST'))).toEqual([]);
  });

  it('fails as the response has', async () => {
    const failed = stored('failed', { error: { code: 'invalid_prompt', message: 'F' } });
    const upstream = await startBackgroundUpstream((response, { path }) =>
      isStream(path) ? answerJson(response, 400, problem) : answerJson(response, 200, failed),
    );
    const { error } = await upstream.call(resumeAfter(3));
    expect(error).toMatchObject({ code: 'provider_bad_request', retryable: false, ambiguous: true });
  });
});

describe('a response that no longer exists', () => {
  it.each([404, 410])('is lost, and was paid, where the provider answers %i', async (status) => {
    const upstream = await startBackgroundUpstream((response) => answerJson(response, status, problem));
    const { error } = await upstream.call(resumeAfter(3));
    expect(error).toMatchObject({
      code: 'provider_response_gone',
      message: 'main no longer has the response',
      retryable: true,
      ambiguous: true,
      status,
    });
  });

  it('is lost where a provider can retrieve nothing at all', async () => {
    const upstream = await startBackgroundUpstream((response) => answerJson(response, 400, problem));
    const { error } = await upstream.call(resumeAfter(3));
    expect(error).toMatchObject({ code: 'provider_response_gone' });
    expect(upstream.requests).toHaveLength(2);
  });
});

describe('a failure to take a response up again', () => {
  it.each<[string, Handler, { code?: string; status?: number; retryAfterMs?: number }]>([
    ['429', (response) => answerJson(response, 429, problem, { 'retry-after': '2' }), { retryAfterMs: 2000 }],
    ['500', (response) => answerJson(response, 500, problem), { status: 500 }],
    ['502', (response) => answerJson(response, 502, problem), { status: 502 }],
    ['504', (response) => answerJson(response, 504, problem), { status: 504 }],
    ['a reset', (response) => void response.destroy(), { code: 'provider_unavailable' }],
    ['silence', () => undefined, { code: 'provider_timeout' }],
    [
      'a cut',
      (response) => {
        beginStream(response, ...backgroundEvents.slice(4, 5));
        setImmediate(() => response.destroy());
      },
      { code: 'provider_stream_cut' },
    ],
  ])('by %s has lost no payment', async (_, handle, expected) => {
    const firstByteTimeoutMs = expected.code === 'provider_timeout' ? 100 : 60_000;
    const upstream = await startBackgroundUpstream(handle, { firstByteTimeoutMs });
    const { error } = await upstream.call(resumeAfter(3));
    expect(error).toMatchObject({ ...expected, retryable: true, ambiguous: false });
    // Given up early, the request may not have arrived.
    expect(upstream.requests.length).toBeLessThan(2);
  });

  it('is over where the response was cancelled', async () => {
    const response = stored('cancelled');
    const upstream = await startBackgroundUpstream((answer) =>
      beginStream(answer, { type: 'response.incomplete', sequence_number: 4, response }),
    );
    const { error } = await upstream.call(resumeAfter(3));
    expect(error).toMatchObject({ code: 'provider_refused', retryable: false, ambiguous: true });
  });
});
