import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  api.parts.prices = { sim: { input_usd_per_million: 1, output_usd_per_million: 1_000_000 } };
});
afterAll(() => api.end());

function submit(key: string, maxTokens = 1): Promise<Response> {
  const input = { model: 'sim', messages: [{ role: 'user', content: 'Hello.' }], max_tokens: maxTokens };
  return api.fetch('/v1/jobs', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ task: 'chat.completions', input }),
  });
}

const usage = async () => (await (await api.fetch('/v1/usage')).json()) as { reserved_usd: number; days: unknown[] };

const cancel = (id: string) => api.fetch(`/v1/jobs/${id}/cancel`, { method: 'POST' });

/**
 * The next request finds the job ended; somebody has it run again then, and where that is to be settled it is found just
 * before it ends, which nobody settles.
 */
function endOnceRead(jobId: string): void {
  const { redis, journal } = api.parts;
  const { look } = journal;
  journal.look = async (id) => {
    journal.look = look;
    const found = await look.call(journal, id);
    return found && { ...found, job: { ...found.job, status: 'failed' } };
  };
  const read = redis.hgetall.bind(redis);
  redis.hgetall = (async (key: string) => {
    redis.hgetall = read;
    const found = await read(key);
    await journal.cancel(jobId);
    return found;
  }) as typeof redis.hgetall;
}

/** The next submit looks for its job just before the job comes to be. */
function lookTooEarly(): void {
  const { journal } = api.parts;
  const look = journal.acceptedBefore;
  journal.acceptedBefore = async () => {
    journal.acceptedBefore = look;
    return null;
  };
}

describe('what a submit sets aside', () => {
  it('is held once by submits that meet, and free when the job is cancelled', async () => {
    const before = (await usage()).reserved_usd;
    const first = await submit('met');
    lookTooEarly();
    expect((await submit('met')).status).toBe(200);
    expect((await usage()).reserved_usd - before).toBeCloseTo(1, 2);
    const { id } = (await first.json()) as { id: string };
    await cancel(id);
    expect((await usage()).reserved_usd).toBe(before);
  });

  it('is given back where the job turns out to be there and over', async () => {
    const { id } = (await (await submit('over')).json()) as { id: string };
    await cancel(id);
    const { reserved_usd: before } = await usage();
    lookTooEarly();
    expect((await submit('over')).status).toBe(200);
    expect((await usage()).reserved_usd).toBe(before);
  });

  it('is given back where the key turns out to name another job', async () => {
    const { id } = (await (await submit('other')).json()) as { id: string };
    await cancel(id);
    const { reserved_usd: before } = await usage();
    lookTooEarly();
    expect((await submit('other', 2)).status).toBe(422);
    expect((await usage()).reserved_usd).toBe(before);
  });

  it('is settled before the job is forgotten, and set aside anew for another run', async () => {
    const { id } = (await (await submit('rerun')).json()) as { id: string };
    await cancel(id);
    const { reserved_usd: before } = await usage();
    expect((await api.fetch(`/v1/jobs/${id}/retry`, { method: 'POST' })).status).toBe(202);
    expect((await usage()).reserved_usd - before).toBeCloseTo(1, 2);
    expect((await api.fetch(`/v1/jobs/${id}/retry`, { method: 'POST' })).status).toBe(409);
    expect((await usage()).reserved_usd - before).toBeCloseTo(1, 2);
    await cancel(id);
    await api.fetch(`/v1/jobs/${id}`, { method: 'DELETE' });
    expect((await usage()).reserved_usd).toBe(before);
  });

  it('for a run is not taken for the next one, nor forgotten, where the job ends while that is asked for', async () => {
    for (const [path, method] of [
      ['/retry', 'POST'],
      ['', 'DELETE'],
    ] as const) {
      const { id } = (await (await submit(`ends ${method}`)).json()) as { id: string };
      const { reserved_usd: before } = await usage();
      endOnceRead(id);
      expect((await api.fetch(`/v1/jobs/${id}${path}`, { method })).status).toBe(409);
      expect((await usage()).reserved_usd).toBe(before);
      expect((await api.fetch(`/v1/jobs/${id}${path}`, { method })).ok).toBe(true);
      expect((await usage()).reserved_usd - before).toBeCloseTo(method === 'POST' ? 0 : -1, 2);
    }
  });

  it('is held on by a run whose beginning is heard twice', async () => {
    const { id } = (await (await submit('heard')).json()) as { id: string };
    await cancel(id);
    const { reserved_usd: before } = await usage();
    const { journal } = api.parts;
    const { over } = journal;
    journal.over = (redis) => {
      const same = over.call(journal, redis);
      const rerun = same.rerun.bind(same);
      same.rerun = async (...args) => rerun(...args).then(() => rerun(...args));
      return same;
    };
    expect((await api.fetch(`/v1/jobs/${id}/retry`, { method: 'POST' })).status).toBe(409);
    journal.over = over;
    expect((await usage()).reserved_usd - before).toBeCloseTo(1, 2);
    await cancel(id);
    expect((await usage()).reserved_usd).toBe(before);
  });

  it('is so for a job that is forgotten while its key is submitted again', async () => {
    const { id } = (await (await submit('forgotten')).json()) as { id: string };
    await cancel(id);
    const { reserved_usd: before } = await usage();
    const { journal } = api.parts;
    const look = journal.acceptedBefore;
    journal.acceptedBefore = async () => {
      journal.acceptedBefore = look;
      const found = await look.call(journal, id);
      await api.fetch(`/v1/jobs/${id}`, { method: 'DELETE' });
      return found;
    };
    expect((await submit('forgotten')).status).toBe(202);
    expect((await usage()).reserved_usd - before).toBeCloseTo(1, 2);
  });
});
