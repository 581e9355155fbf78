import { formatEvent } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import {
  clientFor,
  collect,
  cursorOf,
  hangUp,
  jobLike,
  journal,
  sendAndCut,
  sendJournal,
  sendJson,
  sendProblem,
  startStream,
  startTestServer,
  wholeJournal,
} from '../testing/server.ts';

const allSeqs = [1, 2, 3, 4, 5, 6];

describe('attach to a job that has ended', () => {
  const again = [
    ...journal.slice(0, 5),
    formatEvent(6, 'job.cancelled', {}),
    formatEvent(7, 'job.accepted', { task: 't', lane: 'l', again: true }),
    formatEvent(8, 'attempt.started', { attempt: 2, resumed: false }),
    formatEvent(9, 'job.completed', { output: null, usage: null }),
  ];

  it('reads on after an older end when the job was retried', async () => {
    await using server = await startTestServer((_request, response) => {
      startStream(response);
      response.end(again.join(''));
    });
    expect((await collect(server.url)).seqs).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('does not take a break after an older end for the end', async () => {
    await using server = await startTestServer((request, response, nth) => {
      if (nth === 1) return sendAndCut(response, again.slice(0, 6).join(''));
      startStream(response);
      response.end(again.slice(cursorOf(request)).join(''));
    });
    expect((await collect(server.url)).seqs).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('ends when the job was deleted after its end was yielded and the connection broke', async () => {
    await using server = await startTestServer((_request, response, nth) => {
      if (nth === 1) return sendAndCut(response, wholeJournal);
      sendProblem(response, 404, { code: 'job_not_found' });
    });
    expect((await collect(server.url)).seqs).toEqual(allSeqs);
  });

  it('ends at once when the cursor is its last event', async () => {
    await using server = await startTestServer((request, response) => {
      if (!request.url.endsWith('/events')) return sendJson(response, 200, jobLike({ status: 'completed', cursor: 6 }));
      sendJournal(response, cursorOf(request));
    });
    expect((await collect(server.url, { after: 6 })).seqs).toEqual([]);
  });

  it('does not take a stream that ended with nothing for the end of a running job', async () => {
    await using server = await startTestServer((request, response, nth) => {
      if (!request.url.endsWith('/events')) return sendJson(response, 200, jobLike({ status: 'running', cursor: 4 }));
      sendJournal(response, nth === 1 ? 6 : cursorOf(request));
    });
    const { seqs, codes } = await collect(server.url, { after: 4 });
    expect(seqs).toEqual([5, 6]);
    expect(codes).toEqual(['stream_ended_early']);
  });
});

describe('attach, leaving', () => {
  async function neverEnding() {
    let closed: () => void = () => undefined;
    const isClosed = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const server = await startTestServer((_request, response) => {
      response.on('close', closed);
      startStream(response);
      response.write(journal.slice(0, 3).join(''));
    });
    return { server, isClosed };
  }

  it('closes the connection when the loop is left', async () => {
    const { server, isClosed } = await neverEnding();
    for await (const { seq } of clientFor(server.url).attach('job_1')) if (seq === 2) break;
    await isClosed;
    expect(server.requests).toHaveLength(1);
    await server[Symbol.asyncDispose]();
  });

  it('throws the reason of the signal when it is aborted, and closes the connection', async () => {
    const { server, isClosed } = await neverEnding();
    const controller = new AbortController();
    const seqs: number[] = [];
    const reading = (async () => {
      for await (const { seq } of clientFor(server.url).attach('job_1', { signal: controller.signal })) {
        seqs.push(seq);
        if (seq === 3) setImmediate(() => controller.abort(new Error('enough')));
      }
    })();
    await expect(reading).rejects.toThrow('enough');
    await isClosed;
    expect(seqs).toEqual([1, 2, 3]);
    expect(server.requests).toHaveLength(1);
    await server[Symbol.asyncDispose]();
  });

  it('throws the reason of the signal while it waits for the next attempt', async () => {
    await using server = await startTestServer((_request, response) => hangUp(response));
    const controller = new AbortController();
    const onReconnect = () => controller.abort(new Error('enough'));
    const reading = collect(server.url, { signal: controller.signal, onReconnect });
    await expect(reading).rejects.toThrow('enough');
  });

  it.each([
    [401, 'unauthenticated'],
    [404, 'job_not_found'],
  ])('throws %i at once', async (status, code) => {
    await using server = await startTestServer((_request, response) => sendProblem(response, status, { code }));
    await expect(collect(server.url)).rejects.toMatchObject({ name: 'HoldfastApiError', status, code });
    expect(server.requests).toHaveLength(1);
  });

  it('throws when the answer is not a stream of events', async () => {
    await using server = await startTestServer((_request, response) => sendJson(response, 200, {}));
    await expect(collect(server.url)).rejects.toMatchObject({ code: 'unreadable_answer' });
  });

  it.each([-1, 0.5, Number.NaN])('refuses %d as a cursor', async (after) => {
    await expect(collect('http://127.0.0.1:9', { after })).rejects.toThrow(RangeError);
  });
});
