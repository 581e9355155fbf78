import { createTenants } from '@holdfast/gate';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from '../../testing/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ prices: { sim: { input_usd_per_million: 1, output_usd_per_million: 1_000_000 } } });
  await createTenants(api.deps).put('acme', { limits: { requests_per_minute: 3 } });
});
afterAll(() => api.end());

/** As with another process, which has not seen the limits yet. */
async function unlimited<Done>(work: () => Promise<Done>): Promise<Done> {
  const { limits } = api.deps;
  const { of } = limits;
  limits.of = async () => ({});
  try {
    return await work();
  } finally {
    limits.of = of;
  }
}

const post = (path: string, init: RequestInit = {}) => api.fetch(path, { method: 'POST', ...init });

async function submit(): Promise<string> {
  const response = await post('/v1/jobs', {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      task: 'chat.completions',
      input: { model: 'sim', messages: [{ role: 'user', content: '?' }] },
    }),
  });
  return ((await response.json()) as { id: string }).id;
}

describe('a job that is run again', () => {
  it('counts as a request: its answer says how many are left, and one too many is refused', async () => {
    const id = await submit();
    expect((await post(`/v1/jobs/${id}/retry`)).status).toBe(409);
    for (const left of [1, 0]) {
      await post(`/v1/jobs/${id}/cancel`);
      const again = await post(`/v1/jobs/${id}/retry`);
      expect(again.status).toBe(202);
      expect(again.headers.get('ratelimit')).toMatch(new RegExp(`^"requests";r=${left};t=\\d+$`));
    }
    await post(`/v1/jobs/${id}/cancel`);
    const refused = await post(`/v1/jobs/${id}/retry`);
    expect(await refused.json()).toMatchObject({ status: 429, code: 'too_many_requests' });
    expect(refused.headers.get('ratelimit')).toMatch(/^"requests";r=0;/);
    expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(30);
  });

  it('is refused while Redis is nearly full, and stays as it was', async () => {
    const id = await unlimited(submit);
    await post(`/v1/jobs/${id}/cancel`);
    api.deps.memory.markFull();
    const refused = await unlimited(() => post(`/v1/jobs/${id}/retry`));
    expect(await refused.json()).toMatchObject({ status: 503, code: 'queue_full' });
    expect(await (await api.fetch(`/v1/jobs/${id}`)).json()).toMatchObject({ status: 'cancelled', cursor: 2 });
    await api.deps.memory.check();
    expect((await unlimited(() => post(`/v1/jobs/${id}/retry`))).status).toBe(202);
  });

  it('waits in the lane of its model, its journal continues, and its budget is checked', async () => {
    const id = await unlimited(submit);
    await post(`/v1/jobs/${id}/cancel`);
    const { queue } = api.cell;
    const { waiting } = await queue.scheduler.counts('default');
    const { limits } = api.deps;
    const { of } = limits;
    limits.of = async () => ({ budget_usd: { day: 1 } });
    const refused = await post(`/v1/jobs/${id}/retry`);
    expect(await refused.json()).toMatchObject({ status: 402, code: 'budget_exceeded' });
    expect((await queue.scheduler.counts('default')).waiting).toBe(waiting);
    limits.of = of;
    const again = await unlimited(() => post(`/v1/jobs/${id}/retry`));
    expect(await again.json()).toMatchObject({ id, status: 'queued', cursor: 3, finished_at: null, output: null });
    expect((await queue.scheduler.counts('default')).waiting).toBe(waiting + 1);
  });
});

describe('a job that is cancelled', () => {
  it('while it waits ends at once, and leaves the scheduler and BullMQ', async () => {
    const id = await unlimited(submit);
    const { queue, journal } = api.cell;
    const { waiting } = await queue.scheduler.counts('default');
    const release = await journal.redis.hget(journal.keysOf(id).record, 'release');
    const cancelled = await post(`/v1/jobs/${id}/cancel`);
    expect(await cancelled.json()).toMatchObject({ id, status: 'cancelled', cursor: 2 });
    expect((await queue.scheduler.counts('default')).waiting).toBe(waiting - 1);
    expect(api.removed).toContain(`default ${id}.${release}`);
    expect(await (await post(`/v1/jobs/${id}/cancel`)).json()).toMatchObject({ status: 'cancelled', cursor: 2 });
  });

  it('is cancelled even if BullMQ can not be notified', async () => {
    const id = await unlimited(submit);
    const { ready } = api.cell.queue;
    const { remove } = ready;
    ready.remove = () => Promise.reject(new Error('away'));
    expect(await (await post(`/v1/jobs/${id}/cancel`)).json()).toMatchObject({ status: 'cancelled' });
    ready.remove = remove;
  });

  it('while it runs is asked to end: the answer waits for its worker', async () => {
    const { jobId, writer } = await api.begin('runs');
    const asked = post(`/v1/jobs/${jobId}/cancel`);
    const { journal } = api.cell;
    for (let isRequested = false; !isRequested; ) [isRequested = false] = await journal.cancelRequested([jobId]);
    await writer.end({ status: 'cancelled' }, 'job.cancelled', {});
    expect(await (await asked).json()).toMatchObject({ id: jobId, status: 'cancelled' });
  });
});

describe('a job that is deleted', () => {
  it('is deleted with all its data, and its key may be used again', async () => {
    const { jobId, writer } = await api.begin('deleted');
    const remove = () => api.fetch(`/v1/jobs/${jobId}`, { method: 'DELETE' });
    expect(await (await remove()).json()).toMatchObject({ status: 409, code: 'job_not_ended' });
    const changes = { output: JSON.stringify('secret') };
    await writer.end({ status: 'completed' }, 'job.completed', { output: 'secret', usage: null }, changes);
    expect(await (await remove()).json()).toEqual({ id: jobId, object: 'job', deleted: true });
    expect(await (await remove()).json()).toMatchObject({ status: 404, code: 'job_not_found' });
    const { journal } = api.cell;
    expect(await journal.redis.keys(`${journal.keysOf(jobId).record}*`)).toEqual([]);
    expect((await api.begin('deleted')).jobId).toBe(jobId);
  });
});
