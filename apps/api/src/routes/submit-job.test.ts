/** Submits of one API on a real Redis. Of many processes, and their crashes: `tests/flow`. */
import { followersLane, type Job, type Limits, RequestError } from '@holdfast/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from '../../testing/api.ts';

let api: TestApi;
/** Models that the API has warned of: they have no price. */
const unpriced: (string | null)[] = [];
beforeAll(async () => {
  api = await startTestApi({
    prices: { sim: { input_usd_per_million: 1, output_usd_per_million: 1_000_000 } },
    warnOfUnpriced: (_tenant, model, estimate) => {
      if (estimate?.usd == null) unpriced.push(model);
    },
  });
});
afterAll(() => api.end());

interface Submit {
  maxTokens?: number;
  tenantKey?: string;
  more?: object;
}

const bodyOf = ({ maxTokens = 1, more = {} }: Submit = {}) => {
  const input = { model: 'sim', messages: [{ role: 'user', content: 'Hello.' }], max_tokens: maxTokens };
  return JSON.stringify({ task: 'chat.completions', input, ...more });
};

const post = (key: string, body: string) =>
  api.fetch('/v1/jobs', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body,
  });
const submit = (key: string, options: Submit = {}) => post(key, bodyOf(options));
const idOf = async (response: Response) => ((await response.json()) as Job).id;
const reservedUsd = async () =>
  ((await (await api.fetch('/v1/usage')).json()) as { reserved_usd: number }).reserved_usd;
const cancel = (id: string) => api.fetch(`/v1/jobs/${id}/cancel`, { method: 'POST' });
const retry = (id: string) => api.fetch(`/v1/jobs/${id}/retry`, { method: 'POST' });
const deleteJob = (id: string) => api.fetch(`/v1/jobs/${id}`, { method: 'DELETE' });

describe('what a submit reserves', () => {
  it('is reserved once by submits that meet, and free when the job is cancelled', async () => {
    const before = await reservedUsd();
    const all = await Promise.all(Array.from({ length: 10 }, () => submit('met')));
    expect(all.map(({ status }) => status).sort()).toEqual([...Array(9).fill(200), 202]);
    expect((await reservedUsd()) - before).toBeCloseTo(1, 2);
    const ids = await Promise.all(all.map(idOf));
    expect(new Set(ids).size).toBe(1);
    await cancel(ids[0] ?? '');
    expect(await reservedUsd()).toBe(before);
  });

  it('is zero where the job exists and has ended', async () => {
    await cancel(await idOf(await submit('over')));
    const before = await reservedUsd();
    expect((await submit('over')).status).toBe(200);
    expect(await reservedUsd()).toBe(before);
  });

  it('is nothing where the key names another job', async () => {
    await cancel(await idOf(await submit('other')));
    const before = await reservedUsd();
    const refused = await submit('other', { maxTokens: 2 });
    expect([refused.status, await refused.json()]).toEqual([
      422,
      expect.objectContaining({ code: 'idempotency_key_reused' }),
    ]);
    expect(await reservedUsd()).toBe(before);
  });

  it('is settled before the job is deleted, and reserved again for another run', async () => {
    const id = await idOf(await submit('rerun'));
    await cancel(id);
    const before = await reservedUsd();
    expect((await retry(id)).status).toBe(202);
    expect((await reservedUsd()) - before).toBeCloseTo(1, 2);
    expect((await retry(id)).status).toBe(409);
    expect((await reservedUsd()) - before).toBeCloseTo(1, 2);
    await cancel(id);
    await deleteJob(id);
    expect(await reservedUsd()).toBe(before);
  });

  it.each([
    ['run again', retry],
    ['deleted', deleteJob],
  ])('is kept for a run that begins while its job is to be %s', async (what, change) => {
    const id = await idOf(await submit(`begins, ${what}`));
    const before = await reservedUsd();
    const { journal } = api.cell;
    const { get } = journal;
    // The request finds the job ended: somebody else has it run again just then.
    journal.get = async (jobId) => {
      journal.get = get;
      const found = await get.call(journal, jobId);
      return found && { ...found, job: { ...found.job, status: 'failed' } };
    };
    expect((await change(id)).status).toBe(409);
    expect(await reservedUsd()).toBe(before);
    await cancel(id);
    expect((await reservedUsd()) - before).toBeCloseTo(-1, 2);
    expect((await change(id)).ok).toBe(true);
  });

  it('is reserved once for a run whose beginning is sent twice', async () => {
    const id = await idOf(await submit('heard'));
    await cancel(id);
    const before = await reservedUsd();
    const { journal } = api.cell;
    const { over } = journal;
    journal.over = (redis) => {
      const same = over.call(journal, redis);
      const again = same.retry.bind(same);
      same.retry = async (...args) => again(...args).then(() => again(...args));
      return same;
    };
    expect((await retry(id)).status).toBe(409);
    journal.over = over;
    expect((await reservedUsd()) - before).toBeCloseTo(1, 2);
    await cancel(id);
    expect(await reservedUsd()).toBe(before);
  });

  it('is so for a job that is deleted while its key is submitted again', async () => {
    const id = await idOf(await submit('forgotten'));
    await cancel(id);
    const before = await reservedUsd();
    const { journal } = api.cell;
    const { get } = journal;
    journal.get = async (jobId) => {
      journal.get = get;
      await journal.delete(jobId);
      return get.call(journal, jobId);
    };
    expect((await submit('forgotten')).status).toBe(202);
    expect((await reservedUsd()) - before).toBeCloseTo(1, 2);
    await cancel(id);
  });
});

describe('a replay', () => {
  it('is the same job where its body only looks different', async () => {
    const created = await submit('spelled');
    const { task, input } = JSON.parse(bodyOf()) as { task: string; input: object };
    const other = JSON.stringify({ input: Object.fromEntries(Object.entries(input).reverse()), task }, null, 2);
    const replayed = await post('spelled', other);
    expect([replayed.status, replayed.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    expect(await idOf(replayed)).toBe(await idOf(created));
  });

  it('has the answer of a job that has ended, and none before', async () => {
    const id = await idOf(await submit('answered'));
    expect(await (await submit('answered')).json()).toMatchObject({ status: 'queued', output: null });
    const changes = { output: JSON.stringify('Hello') };
    const writer = await api.claim(id);
    expect(await (await submit('answered')).json()).toMatchObject({ status: 'running', output: null });
    await writer.end({ status: 'completed' }, 'job.completed', { output: 'Hello', usage: null }, changes);
    const replayed = await submit('answered');
    expect([replayed.status, await replayed.json()]).toEqual([
      200,
      expect.objectContaining({ id, status: 'completed', output: 'Hello', output_text: 'Hello' }),
    ]);
  });
});

describe('a submit that is refused', () => {
  const limit = (limits: Limits) => {
    api.deps.limits.of = async () => limits;
  };
  const unlimited: Limits = {};
  afterEach(async () => {
    limit(unlimited);
    await api.deps.memory.check();
  });

  async function refusedBy(key: string, options: Submit = {}) {
    const response = await submit(key, options);
    return { headers: response.headers, problem: (await response.json()) as { status: number; code: string } };
  }

  it('by the requests of a minute says when to try again; an existing job is still returned', async () => {
    limit({ requests_per_minute: 2 });
    const first = await submit('minute 1');
    expect(first.headers.get('ratelimit')).toMatch(/^"requests";r=1;t=\d+$/);
    expect((await submit('minute 2')).headers.get('ratelimit')).toMatch(/^"requests";r=0;/);
    const { headers, problem } = await refusedBy('minute 3');
    expect(problem).toMatchObject({ status: 429, code: 'too_many_requests' });
    expect(headers.get('ratelimit')).toMatch(/^"requests";r=0;/);
    expect(headers.get('x-ratelimit-remaining-requests')).toBe('0');
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(30);
    const replayed = await submit('minute 1');
    expect([replayed.status, replayed.headers.get('x-ratelimit-remaining-requests')]).toEqual([200, '0']);
    expect((await api.fetch('/v1/jobs?idempotency_key=minute+3')).status).toBe(200);
  });

  it('by a budget says so, and leaves nothing behind', async () => {
    limit({ budget_usd: { day: 0.5 } });
    const before = await reservedUsd();
    const { problem } = await refusedBy('dear');
    expect(problem).toMatchObject({ status: 402, code: 'budget_exceeded' });
    expect(await reservedUsd()).toBe(before);
    const list = await (await api.fetch('/v1/jobs?idempotency_key=dear')).json();
    expect(list).toEqual({ object: 'list', data: [], has_more: false, next_cursor: null });
  });

  it('by the number of jobs that wait says so', async () => {
    limit({ max_queued: 1 });
    await submit('waits');
    const { problem } = await refusedBy('waits too');
    expect(problem).toMatchObject({ status: 429, code: 'too_many_queued' });
  });

  it('while Redis is nearly full returns existing jobs, and creates none', async () => {
    const id = await idOf(await submit('before'));
    await cancel(await idOf(await submit('ended before')));
    api.deps.memory.markFull();
    const { headers, problem } = await refusedBy('full');
    expect(problem).toMatchObject({ status: 503, code: 'queue_full' });
    expect(headers.get('retry-after')).toBe('5');
    const replayed = await submit('before');
    expect([replayed.status, await idOf(replayed)]).toEqual([200, id]);
    expect(await (await submit('ended before')).json()).toMatchObject({ status: 'cancelled' });
    expect((await refusedBy('before', { maxTokens: 9 })).problem).toMatchObject({ code: 'idempotency_key_reused' });
  });

  it('by a Redis that is full by surprise is the same, and others need not find out', async () => {
    const id = await idOf(await submit('surprised'));
    const { writes, memory } = api.deps;
    const { run } = writes;
    const oom = Object.assign(new Error("OOM command not allowed when used memory > 'maxmemory'."), {
      name: 'ReplyError',
    });
    const full = () => {
      writes.run = (async () => {
        writes.run = run;
        throw oom;
      }) as typeof run;
    };
    full();
    expect((await refusedBy('full by surprise')).problem).toMatchObject({ status: 503, code: 'queue_full' });
    expect(memory.isNearlyFull).toBe(true);
    await memory.check();
    full();
    expect(await idOf(await submit('surprised'))).toBe(id);
    writes.run = run;
  });

  it('because the tenant’s plan is unknown returns existing jobs', async () => {
    const id = await idOf(await submit('planned'));
    const why = new RequestError('plan_unknown', 'Nobody knows its limits.', { retryable: true });
    api.deps.limits.of = () => Promise.reject(why);
    expect((await refusedBy('planless')).problem).toMatchObject({ status: 503, code: 'plan_unknown' });
    const replayed = await submit('planned');
    expect([replayed.status, await idOf(replayed)]).toEqual([200, id]);
  });
});

describe('a model without a price', () => {
  it('is named once, where a budget is meant to hold', async () => {
    unpriced.length = 0;
    api.deps.limits.of = async () => ({ budget_usd: { day: 1 } });
    const input = { model: 'unpriced', messages: [{ role: 'user', content: '?' }] };
    expect((await submit('unpriced', { more: { input } })).status).toBe(202);
    expect(unpriced).toEqual(['unpriced']);
    api.deps.limits.of = async () => ({});
  });
});

describe('a job that shares its answer', () => {
  it('leads, and an equal one waits with the followers and reserves nothing', async () => {
    const more = { cache: { ttl_s: 60 }, metadata: { n: '1' } };
    const leader = await submit('leads', { more });
    const before = await reservedUsd();
    const follower = await submit('follows', { more: { ...more, metadata: { n: '2' } } });
    expect([leader.status, follower.status]).toEqual([202, 202]);
    expect(await reservedUsd()).toBe(before);
    const { journal, queue } = api.cell;
    const queueOf = async (response: Response) =>
      journal.redis.hget(journal.keysOf(await idOf(response)).record, 'queue');
    expect([await queueOf(leader), await queueOf(follower)]).toEqual([null, followersLane]);
    expect((await queue.scheduler.counts(followersLane)).waiting).toBe(1);
    const metrics = await api.metrics();
    expect(metrics).toMatch(/result="joined"\} 1/);
  });
});
