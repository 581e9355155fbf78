/** Event streams over real sockets: slow readers, large events, heartbeats. */
import { once } from 'node:events';
import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AttemptWriter } from '@holdfast/journal';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { until } from '../../../../packages/core/testing/until.ts';
import { authorization, startTestApi, type TestApi } from '../../testing/api.ts';

const STALL_MS = 400;
const MB = 1_048_576;

/** So patient that no reader is cut off because the machine is busy. */
const PATIENT_MS = 3_000;
/** Timers that go on while a test lets time pass for the rest. */
const ongoing = ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'setInterval'] as const;

let api: TestApi;
/** Cuts off who takes nothing for a moment. */
let hasty: TestApi;
const answers: ServerResponse[] = [];
beforeAll(async () => {
  api = await startTestApi({ readerStallMs: PATIENT_MS, heartbeatMs: 25 });
  hasty = await startTestApi({ readerStallMs: STALL_MS });
  for (const { server } of [api, hasty]) {
    server.on('request', (_request, response: ServerResponse) => answers.push(response));
  }
});
afterEach(() => void jest.useRealTimers());
afterAll(() => Promise.all([api.end(), hasty.end()]));

/** Writes so many MB of text, event by event, and then the job's end with an output of `outputBytes`. */
async function write(writer: AttemptWriter, megabytes: number, outputBytes = 10): Promise<void> {
  const text = 'x'.repeat(MB / 64);
  for (let at = 0; at < megabytes * 64; at += 1) {
    writer.write('text.delta', { text });
    await writer.waitForDrain();
  }
  await writer.end({ status: 'completed' }, 'job.completed', { output: 'y'.repeat(outputBytes), usage: null });
}

/** Attaches; the answer's body is left unread. */
function attach(jobId: string, after = 0, to = api): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization, 'last-event-id': String(after) };
    const request = get(`${to.url}/v1/jobs/${jobId}/events`, { headers, agent: false }, resolve);
    request.on('error', reject);
  });
}

/** What is left of a body: its whole events, without comments; and whether it was cut off. */
async function readRest(answer: IncomingMessage): Promise<{ events: string[]; cut: boolean }> {
  const chunks: Buffer[] = [];
  let cut = false;
  try {
    for await (const chunk of answer) chunks.push(chunk as Buffer);
  } catch {
    cut = true;
  }
  const parts = Buffer.concat(chunks)
    .toString()
    .split(/(?<=\n\n)/);
  return { events: parts.filter((part) => part.endsWith('\n\n') && !part.startsWith(':')), cut };
}

/** From the hasty one, until it was not cut off. */
async function readAll(jobId: string, after = 0): Promise<{ events: string[] }> {
  return until('it is read whole', async () => {
    const got = await readRest(await attach(jobId, after, hasty));
    return got.cut ? null : got;
  });
}

const seqOf = (event: string | undefined) => Number(/^id: (\d+)\n/.exec(event ?? '')?.[1]);

async function attachedReaders(of = api): Promise<number> {
  const metrics = await of.metrics();
  return Number(/^holdfast_attached_readers (\d+)$/m.exec(metrics)?.[1]);
}

describe('a reader that never reads', () => {
  it('is cut off, has less than 1 MB waiting until then, and gets the rest when it comes back', async () => {
    const { jobId, writer } = await hasty.begin('never reads');
    await write(writer, 16);
    answers.length = 0;
    const began = performance.now();
    const readers = await Promise.all(Array.from({ length: 10 }, () => attach(jobId, 0, hasty)));
    let mostUnsent = 0;
    await until('all were cut off', async () => {
      const unsent = answers.map((answer) => Math.max(answer.writableLength, answer.socket?.writableLength ?? 0));
      mostUnsent = Math.max(mostUnsent, ...unsent);
      return (await attachedReaders(hasty)) === 0;
    });
    const ms = performance.now() - began;
    expect(ms).toBeGreaterThan(STALL_MS);
    expect(mostUnsent).toBeGreaterThan(0);
    expect(mostUnsent).toBeLessThan(MB);

    const whole = await readAll(jobId);
    for (const reader of readers.slice(0, 3)) {
      const got = await readRest(reader);
      expect(got.cut).toBe(true);
      expect(got.events.length).toBeLessThan(whole.events.length);
      const rest = await readAll(jobId, seqOf(got.events.at(-1)));
      expect([...got.events, ...rest.events].join('') === whole.events.join('')).toBe(true);
    }
    for (const reader of readers) reader.destroy();
  });

  it('of a job that is still being written is cut off as well, and holds up neither writer nor other readers', async () => {
    const { jobId, writer } = await api.begin('never reads live');
    const stuck = await attach(jobId);
    const other = attach(jobId).then(readRest);
    await write(writer, 16);
    const { events, cut } = await other;
    expect({ cut, last: seqOf(events.at(-1)) }).toEqual({ cut: false, last: writer.seq });
    await until('it was cut off', async () => (await attachedReaders()) === 0);
    const got = await readRest(stuck);
    const rest = await readRest(await attach(jobId, seqOf(got.events.at(-1)) || 0));
    expect([...got.events, ...rest.events].join('') === events.join('')).toBe(true);
  });
});

describe('a slow reader', () => {
  it('is not cut off while it takes something, and gets every event once', async () => {
    const { jobId, writer } = await api.begin('slow');
    await write(writer, 8);
    const answer = await attach(jobId);
    // Time passes only between one slice that has left and the next: always a little less than there is for one.
    let [left, passed, size] = [0, 0, 0];
    answers.at(-1)?.on('drain', () => {
      left += 1;
    });
    jest.useFakeTimers({ doNotFake: [...ongoing] });
    for await (const chunk of answer) {
      size += (chunk as Buffer).length;
      if (left <= passed) continue;
      passed = left;
      await jest.advanceTimersByTimeAsync(0.9 * PATIENT_MS);
    }
    expect(passed).toBeGreaterThan(2);
    expect(size).toBeGreaterThan(8 * MB);
  });
});

describe('a large event', () => {
  it('that ends the job reaches a live reader whole', async () => {
    const { jobId, writer } = await api.begin('large end');
    const answer = await attach(jobId);
    await once(answer, 'readable');
    await write(writer, 0, 3 * MB);
    const { events, cut } = await readRest(answer);
    expect(cut).toBe(false);
    expect(events).toHaveLength(writer.seq);
    expect(events.at(-1)?.length).toBeGreaterThan(3 * MB);
  });

  it('whose answer is stored apart reaches a live reader, a later one, and who asks for the job, whole', async () => {
    const { jobId, writer } = await api.begin('large answer');
    const live = await attach(jobId);
    await once(live, 'readable');
    const output = 'ü"\n'.repeat(MB / 2);
    // As a worker does: the text of a large answer is stored beside it.
    await writer.complete(JSON.stringify(output), null, { text: output });
    for (const answer of [live, await attach(jobId)]) {
      const { events, cut } = await readRest(answer);
      expect([cut, events.length]).toEqual([false, writer.seq]);
      const last = events.at(-1) ?? '';
      expect(JSON.parse(last.slice(last.indexOf('data: ') + 6)).output === output).toBe(true);
    }
    const job = (await (await api.fetch(`/v1/jobs/${jobId}`)).json()) as { output: string; output_text: string };
    expect([job.output === output, job.output_text === output]).toEqual([true, true]);
  });

  it('is not torn apart by a heartbeat', async () => {
    const { jobId, writer } = await api.begin('large and slow');
    await write(writer, 0, 6 * MB);
    const answer = await attach(jobId);
    let text = '';
    for await (const chunk of answer) {
      text += chunk;
      if (text.length < 2 * MB) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const last = text.slice(text.indexOf('event: job.completed'));
    expect(JSON.parse(last.slice(last.indexOf('data: ') + 6))).toMatchObject({ output: 'y'.repeat(6 * MB) });
  });
});

describe('an idle stream', () => {
  it('carries comments between events, and ends without an event when the process stops', async () => {
    const { jobId, writer } = await api.begin('idle');
    const response = await api.fetch(`/v1/jobs/${jobId}/events`);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const readUntil = async (pattern: RegExp) => {
      while (!pattern.test(text)) {
        const { value, done } = (await reader?.read()) ?? { done: true };
        if (done) return;
        text += value;
      }
    };
    await readUntil(/(: heartbeat\n\n){3}/);
    writer.write('text.delta', { text: 'late' });
    await readUntil(/late[\s\S]*: heartbeat\n\n/);
    api.stop();
    await readUntil(/never/);
    expect(text).toMatch(/^(?:: heartbeat\n\n|id: \d+\nevent: [a-z.]+\ndata: .*\n\n)+$/);
    expect(text).not.toContain('job.completed');
    expect(await attachedReaders()).toBe(0);
  });
});
