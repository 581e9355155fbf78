import type { ServerResponse } from 'node:http';
import { formatEvent } from '@holdfast/core';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { until } from '../../core/testing/until.ts';
import {
  clientFor,
  collect,
  cursorOf,
  hangUp,
  journal,
  sendAndCut,
  sendJournal,
  sendProblem,
  startStream,
  startTestServer,
  wholeJournal,
} from '../testing/server.ts';
import type { Reconnect } from './attach.ts';

// cspell:ignore attem

const allSeqs = [1, 2, 3, 4, 5, 6];

afterEach(() => void jest.useRealTimers());

/** From now on time passes for the client when the test says so; sockets and all else go on. */
function holdTimeouts(): void {
  jest.useFakeTimers({
    doNotFake: ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'setInterval'],
  });
}

describe('attach', () => {
  it('yields the journal and ends when the server closes it after the terminal event', async () => {
    await using server = await startTestServer((request, response) => sendJournal(response, cursorOf(request)));
    const { events, codes } = await collect(server.url);
    expect(events.map(({ seq, type, data }) => formatEvent(seq, type, data as never))).toEqual(journal);
    expect(codes).toEqual([]);
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer hold_test',
      accept: 'text/event-stream',
    });
  });

  it.each(['cut', 'closed'])('yields the same events when the stream is %s after any of its bytes', async (how) => {
    const whole = await startTestServer((request, response) => sendJournal(response, cursorOf(request)));
    const expected = (await collect(whole.url)).events;
    await whole[Symbol.asyncDispose]();
    let position = 0;
    let isFirst = true;
    await using server = await startTestServer((request, response) => {
      const part = wholeJournal.subarray(0, position);
      if (!isFirst) return sendJournal(response, cursorOf(request));
      isFirst = false;
      if (how === 'cut') return sendAndCut(response, part);
      startStream(response);
      response.end(part);
    });
    for (position = 0; position < wholeJournal.length; position++) {
      isFirst = true;
      const { events, codes } = await collect(server.url);
      expect({ position, events }).toEqual({ position, events: expected });
      expect(codes).toEqual([how === 'cut' ? 'connection_failed' : 'stream_ended_early']);
    }
  });

  it('yields the same events when every byte comes alone', async () => {
    await using server = await startTestServer(async (_request, response) => {
      startStream(response);
      for (const byte of wholeJournal) await new Promise((sent) => response.write(Uint8Array.of(byte), sent));
      response.end();
    });
    const { seqs, codes } = await collect(server.url);
    expect(seqs).toEqual(allSeqs);
    expect(codes).toEqual([]);
  });

  it('yields each event while the stream is still open', async () => {
    let stream: ServerResponse | undefined;
    await using server = await startTestServer((_request, response) => {
      stream = response;
      startStream(response);
      response.write(journal[0]);
    });
    let last = 0;
    for await (const { seq } of clientFor(server.url).attach('job_1')) {
      last = seq;
      // The next is sent only once this one is here.
      if (seq < 6) stream?.write(journal[seq]);
      else stream?.end();
    }
    expect(last).toBe(6);
  });

  it('begins after the given cursor', async () => {
    await using server = await startTestServer((request, response) => sendJournal(response, cursorOf(request)));
    expect((await collect(server.url, { after: 4 })).seqs).toEqual([5, 6]);
    expect(server.requests[0]?.headers['last-event-id']).toBe('4');
  });

  it('drops events that it has yielded already', async () => {
    await using server = await startTestServer((_request, response, nth) => {
      if (nth === 1) return sendAndCut(response, journal.slice(0, 4).join('') + journal[1]);
      sendJournal(response, 0);
    });
    expect((await collect(server.url)).seqs).toEqual(allSeqs);
  });

  it('never yields past a gap but reads again from the last good event', async () => {
    await using server = await startTestServer((request, response, nth) => {
      if (nth > 1) return sendJournal(response, cursorOf(request));
      startStream(response);
      response.end([...journal.slice(0, 2), ...journal.slice(3)].join(''));
    });
    const { seqs, breaks, codes } = await collect(server.url);
    expect(seqs).toEqual(allSeqs);
    expect(codes).toEqual(['stream_gap']);
    expect(breaks[0]?.after).toBe(2);
    expect(server.requests[1]?.headers['last-event-id']).toBe('2');
  });

  it('reads an unreadable event again', async () => {
    await using server = await startTestServer((request, response, nth) => {
      if (nth > 1) return sendJournal(response, cursorOf(request));
      startStream(response);
      response.end(`${journal[0]}id: 2\nevent: attempt.started\ndata: {"attem\n\n`);
    });
    const { seqs, codes } = await collect(server.url);
    expect(seqs).toEqual(allSeqs);
    expect(codes).toEqual(['stream_unreadable']);
  });

  it('continues after 503, 429 and 502 pages of a proxy, and waits as long as Retry-After says', async () => {
    await using server = await startTestServer((request, response, nth) => {
      if (nth === 1) return sendProblem(response, 503, { code: 'store_unavailable', detail: 'Away.' });
      if (nth === 2) return sendProblem(response, 429, { code: 'too_many_requests' }, { 'retry-after': '0.3' });
      if (nth === 3) return response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad Gateway</h1>');
      sendJournal(response, cursorOf(request));
    });
    const { seqs, breaks, codes } = await collect(server.url);
    expect(seqs).toEqual(allSeqs);
    expect(codes).toEqual(['store_unavailable', 'too_many_requests', 'http_502']);
    expect(breaks.map(({ failures }) => failures)).toEqual([1, 2, 3]);
    expect(breaks[1]?.delayMs).toBeGreaterThanOrEqual(300);
  });

  it('counts failures from one again once an event has come', async () => {
    await using server = await startTestServer((request, response, nth) => {
      if (nth === 1 || nth === 2) return hangUp(response);
      if (nth === 3) return sendAndCut(response, journal[0] ?? '');
      sendJournal(response, cursorOf(request));
    });
    const { breaks } = await collect(server.url);
    expect(breaks.map(({ failures }) => failures)).toEqual([1, 2, 1]);
  });

  it('counts a silent connection as broken, before the headers and after', async () => {
    await using server = await startTestServer((request, response, nth) => {
      if (nth === 1) return;
      if (nth > 2) return sendJournal(response, cursorOf(request));
      startStream(response);
      response.write(journal[0]);
    });
    const seqs: number[] = [];
    const codes: string[] = [];
    const read = async () => {
      const onReconnect = ({ error }: Reconnect) => void codes.push(error.code);
      const events = clientFor(server.url, { silenceMs: 60 }).attach('job_1', { onReconnect });
      for await (const { seq } of events) seqs.push(seq);
    };
    const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
    const silentUntil = (broken: number) =>
      until('it is broken off', () => pass(30).then(() => codes.length === broken));
    holdTimeouts();
    const reading = read();
    await until('it is asked', () => server.requests.length === 1);
    await silentUntil(1);
    await until('an event has come', () => pass(1).then(() => seqs.length === 1));
    await silentUntil(2);
    await until('the rest has come', () => pass(1).then(() => seqs.length === 6));
    await reading;
    expect(seqs).toEqual(allSeqs);
    expect(codes).toEqual(['connection_silent', 'connection_silent']);
  });

  it('counts heartbeats as signs of life', async () => {
    holdTimeouts();
    const heard = jest.spyOn(globalThis, 'clearTimeout');
    await using server = await startTestServer(async (_request, response) => {
      startStream(response);
      for (let beat = 0; beat < 12; beat += 1) {
        const before = heard.mock.calls.length;
        response.write(': beat\n\n');
        await until('it is heard', () => heard.mock.calls.length > before);
        await jest.advanceTimersByTimeAsync(100);
      }
      response.end(wholeJournal);
    });
    const { seqs, codes } = await collect(server.url, {}, { silenceMs: 150 });
    heard.mockRestore();
    expect(seqs).toEqual(allSeqs);
    expect(codes).toEqual([]);
  });

  it('does not count the time that the caller takes over an event as silence', async () => {
    await using server = await startTestServer((_request, response) => sendJournal(response, 0));
    const breaks: Reconnect[] = [];
    const attach = { onReconnect: (reconnect: Reconnect) => void breaks.push(reconnect) };
    let last = 0;
    holdTimeouts();
    for await (const { seq } of clientFor(server.url, { silenceMs: 30 }).attach('job_1', attach)) {
      if (seq === 1) await jest.advanceTimersByTimeAsync(90);
      last = seq;
    }
    expect(last).toBe(6);
    expect(breaks).toEqual([]);
  });
});
