/** Held requests over real sockets: how many there may be, that each way to end frees its place, and that they end with their key. */
import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../../../../packages/core/testing/until.ts';
import { authorization, otherAuthorization, startTestApi, type TestApi } from '../../testing/api.ts';

const STALL_MS = 300;
const LARGE = 'x'.repeat(24 * 1_048_576);

interface Held {
  answer: IncomingMessage;
  /** As a client does that goes away. */
  leave(): void;
}

/** Asks; the answer's body is left unread. */
function ask(api: TestApi, path: string, key = authorization): Promise<Held> {
  return new Promise((resolve, reject) => {
    const request = get(api.url + path, { headers: { authorization: key }, agent: false }, (answer) =>
      resolve({ answer, leave: () => request.destroy() }),
    );
    request.on('error', reject);
  });
}

/** The status and, of a problem, its code and detail. */
async function readHeld({ answer }: Held): Promise<{ status: number | undefined; code?: string; detail?: string }> {
  let text = '';
  for await (const chunk of answer) text += chunk;
  const { code, detail } = JSON.parse(text) as { code?: string; detail?: string };
  return { status: answer.statusCode, ...(code ? { code, detail } : {}) };
}

/** Whether the connection was cut before the answer was whole. */
async function isCut({ answer }: Held): Promise<boolean> {
  try {
    for await (const _chunk of answer);
    return false;
  } catch {
    return true;
  }
}

async function heldIn(api: TestApi): Promise<number> {
  const metrics = await api.metrics();
  return Number(/^holdfast_held_requests (\d+)$/m.exec(metrics)?.[1]);
}

const holding = (api: TestApi, count: number) => until(`${count} are held`, async () => (await heldIn(api)) === count);

/** Ends a job with an answer that is too large to be sent in one go. */
async function endLarge(api: TestApi, jobId: string): Promise<void> {
  const writer = await api.claim(jobId);
  await writer.complete(JSON.stringify(LARGE), null, { text: LARGE });
}

describe('held requests', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi({ heldLimits: { perKey: 2, total: 3 } });
  });
  afterAll(() => api.end());

  it('are as many as a key may have and the process holds; more get 429, which says why and when to come back', async () => {
    const { jobId } = await api.begin('bounded');
    const [stream, poll] = [`/v1/jobs/${jobId}/events`, `/v1/jobs/${jobId}?wait=60`];
    const polled = ask(api, poll);
    const first = await ask(api, stream);
    await holding(api, 2);
    const ofKey =
      'This API key has 2 held requests (streams, polls with ?wait=, large answers) in this process, which is the maximum ' +
      '(MAX_HELD_REQUESTS_PER_KEY). End some, or share one among your readers.';
    for (const path of [stream, poll]) {
      const refused = await ask(api, path);
      expect(refused.answer.headers['retry-after']).toBe('5');
      expect(await readHeld(refused)).toEqual({ status: 429, code: 'too_many_held', detail: ofKey });
    }
    // What is not held is not counted.
    expect((await readHeld(await ask(api, `/v1/jobs/${jobId}`))).status).toBe(200);

    const other = await ask(api, stream, otherAuthorization);
    expect(other.answer.statusCode).toBe(200);
    const ofProcess =
      'This process has 3 held requests (streams, polls with ?wait=, large answers), which is the maximum ' +
      '(MAX_HELD_REQUESTS). Poll without ?wait= until some have ended.';
    const refused = await readHeld(await ask(api, stream, otherAuthorization));
    expect(refused).toEqual({ status: 429, code: 'too_many_held', detail: ofProcess });

    first.leave();
    await holding(api, 2);
    expect((await ask(api, stream, otherAuthorization)).answer.statusCode).toBe(200);
    api.stop();
    expect((await readHeld(await polled)).status).toBe(200);
    await holding(api, 0);
  });
});

describe('the place of a held request', () => {
  let api: TestApi;
  /** Cuts off readers who take nothing for a moment: on a busy machine those, too, who would. */
  let hasty: TestApi;
  beforeAll(async () => {
    api = await startTestApi({ heldLimits: { perKey: 1, total: 1 } });
    hasty = await startTestApi({ heldLimits: { perKey: 1, total: 1 }, readerStallMs: STALL_MS });
  });
  afterAll(() => Promise.all([api.end(), hasty.end()]));

  const failed = { error: { code: 'task_error', message: 'No.', retryable: false } } as const;
  const fail = async (jobId: string) => {
    await (await api.claim(jobId)).end({ status: 'failed' }, 'job.failed', failed);
  };
  const submit = async (on: TestApi, name: string): Promise<string> => {
    const body = JSON.stringify({
      task: 'chat.completions',
      input: { model: 'sim', messages: [{ role: 'user', content: name }] },
    });
    const headers = { 'content-type': 'application/json', 'idempotency-key': name };
    return ((await (await on.fetch('/v1/jobs', { method: 'POST', headers, body })).json()) as { id: string }).id;
  };

  const ways: [string, (jobId: string) => Promise<unknown>][] = [
    ['a stream whose reader leaves', async (id) => (await ask(api, `/v1/jobs/${id}/events`)).leave()],
    [
      'a stream that ends with its job',
      async (id) => {
        const stream = await ask(api, `/v1/jobs/${id}/events`);
        await fail(id);
        expect(await isCut(stream)).toBe(false);
      },
    ],
    [
      'a poll whose time is over',
      async (id) => expect((await readHeld(await ask(api, `/v1/jobs/${id}?wait=0.05`))).status).toBe(200),
    ],
    [
      'a poll that ends with its job',
      async (id) => {
        const poll = ask(api, `/v1/jobs/${id}?wait=60`);
        await holding(api, 1);
        await fail(id);
        expect((await readHeld(await poll)).status).toBe(200);
      },
    ],
    [
      'a poll whose client leaves',
      async (id) => {
        const leaving = new AbortController();
        const poll = api.fetch(`/v1/jobs/${id}?wait=60`, { signal: leaving.signal });
        await holding(api, 1);
        leaving.abort();
        await expect(poll).rejects.toThrow();
      },
    ],
    [
      'a poll of a job that is deleted meanwhile',
      async (id) => {
        const poll = ask(api, `/v1/jobs/${id}?wait=60`);
        await holding(api, 1);
        await api.cell.journal.redis.del(api.cell.journal.keysOf(id).record);
        await api.deps.redis.publish(api.cell.journal.keysOf(id).live, '2 2 1\n');
        expect((await readHeld(await poll)).code).toBe('job_not_found');
      },
    ],
    [
      'a large answer that is read',
      async (id) => {
        await endLarge(api, id);
        expect(await isCut(await ask(api, `/v1/jobs/${id}`))).toBe(false);
      },
    ],
    [
      'a large answer whose reader leaves',
      async (id) => {
        await endLarge(api, id);
        const read = await ask(api, `/v1/jobs/${id}`);
        await holding(api, 1);
        read.leave();
      },
    ],
  ];
  const readers: [string, string][] = [
    ['a stream', '/events'],
    ['a large answer', ''],
  ];

  async function expectFree(on: TestApi, name: string) {
    await holding(on, 0);
    const next = await ask(on, `/v1/jobs/${await submit(on, `after ${name}`)}/events`);
    expect(next.answer.statusCode).toBe(200);
    next.leave();
    await holding(on, 0);
  }

  it.each(ways)('is free after %s', async (name, holdAndEnd) => {
    await holdAndEnd(await submit(api, name));
    await expectFree(api, name);
  });

  it.each(readers)('is free after %s that breaks off, because its reader takes nothing', async (name, path) => {
    const id = await submit(hasty, name);
    await endLarge(hasty, id);
    const unread = await ask(hasty, `/v1/jobs/${id}${path}`);
    await expectFree(hasty, name);
    expect(await isCut(unread)).toBe(true);
  });
});

describe('when its key is revoked', () => {
  let api: TestApi;
  beforeAll(async () => {
    // So that nothing else ends what is not read.
    api = await startTestApi({ readerStallMs: 60_000 });
  });
  afterAll(() => api.end());

  it('each held request ends: nothing more of a stream or answer is sent, and a poll is answered with 401', async () => {
    const { jobId: open } = await api.begin('open');
    const { jobId: large, writer } = await api.begin('large');
    await writer.complete(JSON.stringify(LARGE), null, { text: LARGE });
    const poll = ask(api, `/v1/jobs/${open}?wait=60`, otherAuthorization);
    const waiting = await ask(api, `/v1/jobs/${open}/events`, otherAuthorization);
    const unread = await ask(api, `/v1/jobs/${large}/events`, otherAuthorization);
    const answer = await ask(api, `/v1/jobs/${large}`, otherAuthorization);
    const kept = await ask(api, `/v1/jobs/${open}/events`);
    await holding(api, 5);

    api.revoke(otherAuthorization);
    await holding(api, 1);
    expect(await readHeld(await poll)).toEqual({
      status: 401,
      code: 'unauthenticated',
      detail: 'This API key is unknown or revoked.',
    });
    expect(await Promise.all([waiting, unread, answer].map(isCut))).toEqual([false, true, true]);
    expect(kept.answer.destroyed).toBe(false);
    kept.leave();
  });
});
