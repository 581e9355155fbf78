import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type OpenCell, openTestCell } from '../../testing/cell.ts';

let t: OpenCell;
beforeAll(async () => {
  t = await openTestCell();
});
afterAll(async () => {
  expect(await t.problems()).toEqual([]);
  await t.close();
});

const failed = async (change = {}) => {
  const id = await t.create(change);
  await t.run(id, { status: 'failed', changes: { record: { spent: 5, failures: 2 }, steps: { 'step:s': '1' } } });
  return id;
};

describe('retry', () => {
  it('lets a failed or cancelled job run again, its journal going on', async () => {
    const cancelled = await t.create();
    await t.cancel(cancelled);
    for (const id of [await failed(), cancelled]) {
      const { release, seq } = await t.record(id);
      expect(await t.retry(id)).toEqual(['queued', 0, 0, 'default']);
      expect(await t.record(id)).toMatchObject({
        status: 'queued',
        seq: String(Number(seq) + 1),
        call_key_version: '1',
      });
      expect(Number((await t.record(id)).release)).toBeGreaterThan(Number(release));
      expect((await t.log(id)).match(/event: job.accepted/g)).toHaveLength(2);
      expect(await t.problems()).toEqual([]);
    }
  });

  it('keeps completed steps, and removes calls, answers and the cost of the run before', async () => {
    const id = await t.create();
    const attempt = await t.claim(id);
    const record = { spent: 5, open_cost: 4, input_tokens: 3, output_tokens: 2, calls: 1, avoided: 1, failures: 2 };
    await t.append(attempt, {
      calls: { 'call:a': '{}', tried: '[]' },
      steps: { 'step:s': '1' },
      details: { metadata: '{}' },
    });
    await t.finish(attempt, {
      status: 'failed',
      output: '1',
      text: '"t"',
      changes: { record, details: { error: '{}' } },
    });
    await t.retry(id);
    const keys = t.keys.job(id);
    expect(await t.redis.exists(keys.calls, keys.output, keys.text)).toBe(0);
    expect(await t.redis.hgetall(keys.steps)).toEqual({ 'step:s': '1' });
    expect(await t.redis.hgetall(keys.details)).toEqual({ metadata: '{}' });
    const after = await t.record(id);
    for (const field of [...Object.keys(record), 'finished_at', 'crashes']) expect(after).not.toHaveProperty(field);
    expect(after.text_discarded).toBe('1');
  });

  it('lets nothing of the job expire any more', async () => {
    const id = await failed({ metadata: '{}' });
    await t.retry(id);
    for (const key of await t.redis.keys(`${t.keys.job(id).record}*`)) expect(await t.redis.pttl(key)).toBe(-1);
    expect(await t.redis.zscore(`${t.keys.base}expiring`, `${id} acme`)).toBeNull();
    expect(await t.redis.zscore(t.keys.open, id)).not.toBeNull();
  });

  it('admits the job like a new one, and leaves it as it is where it is refused', async () => {
    const id = await failed({ tenant: 'strict' });
    const before = await t.record(id);
    await t.create({ tenant: 'strict', perMinute: 1 });
    expect((await t.retry(id, { perMinute: 1 })).slice(0, 2)).toEqual(['refused', 1]);
    expect((await t.retry(id, { maxQueued: 1 }))[3]).toBe('queued');
    expect((await t.retry(id, { dayBudget: 10, estimate: 6 })).slice(3, 6)).toEqual(['day', '5', '0']);
    expect(await t.record(id)).toEqual(before);
    const room = { perMinute: 2, maxQueued: 2, dayBudget: 10, estimate: 5 };
    expect((await t.retry(id, room)).slice(0, 2)).toEqual(['queued', 2]);
    expect(await t.reserved('strict')).toBe(5);
  });

  it('counts each run’s spend by itself', async () => {
    const id = await failed({ tenant: 'twice' });
    await t.retry(id, { estimate: 50 });
    await t.run(id, { changes: { record: { spent: 7 } } });
    expect(await t.today('twice')).toMatchObject({ jobs: '2', usd: '12' });
    expect(await t.tenant('twice')).toMatchObject({ reserved: '0', day_usd: '12' });
  });

  it('is refused for a job that is open, has completed, or does not exist', async () => {
    const id = await t.create();
    expect(await t.retry(id)).toEqual(['not_retryable', 'queued']);
    const attempt = await t.claim(id);
    expect(await t.retry(id)).toEqual(['not_retryable', 'running']);
    await t.finish(attempt);
    expect(await t.retry(id)).toEqual(['not_retryable', 'completed']);
    expect(await t.retry('job_never')).toEqual(['missing']);
  });

  it('of a follower waits in the lane of its model', async () => {
    const shared = { lane: 'own', shared: 'one', sharedTtlMs: 0 };
    await t.create(shared);
    const id = await t.create(shared);
    await t.cancel(id);
    await t.retry(id);
    expect(await t.record(id)).not.toHaveProperty('queue');
    expect(await t.redis.zscore(t.keys.sched('backlog', 'own:acme'), id)).not.toBeNull();
  });
});

describe('delete', () => {
  it('deletes an ended job whole; what it has cost stays', async () => {
    const id = await t.create({ tenant: 'gone', metadata: '{}', shared: 'gone', sharedTtlMs: 60_000 });
    const attempt = await t.claim(id);
    await t.append(attempt, { calls: { 'answer:a': '1' }, steps: { 'step:s': '1' } });
    await t.finish(attempt, { output: '1', text: '"t"', changes: { record: { spent: 5 } } });
    const spend = await t.today('gone');
    expect(await t.delete(id)).toEqual(['deleted']);
    expect(await t.redis.keys(`${t.keys.job(id).record}*`)).toEqual([]);
    expect(await t.redis.exists(`${t.keys.base}leader:gone`)).toBe(0);
    expect(await t.redis.zcard(t.keys.tenantJobs('gone'))).toBe(0);
    expect(await t.redis.zscore(`${t.keys.base}expiring`, `${id} gone`)).toBeNull();
    expect(await t.today('gone')).toEqual(spend);
    expect(await t.tenant('gone')).toMatchObject({ day_usd: '5' });
  });

  it('leaves the leader alone where that is another job', async () => {
    const shared = { shared: 'kept', sharedTtlMs: 60_000 };
    const leader = await t.create(shared);
    const follower = await t.create(shared);
    await t.cancel(follower);
    await t.delete(follower);
    expect(await t.redis.get(`${t.keys.base}leader:kept`)).toBe(leader);
  });

  it('is refused for a job that is open or does not exist', async () => {
    const id = await t.create();
    expect(await t.delete(id)).toEqual(['not_ended', 'queued']);
    const attempt = await t.claim(id);
    expect(await t.delete(id)).toEqual(['not_ended', 'running']);
    await t.finish(attempt);
    expect(await t.delete(id)).toEqual(['deleted']);
    expect(await t.delete(id)).toEqual(['missing']);
  });

  it('lets the id be used again, under a release that no job ever had', async () => {
    const id = await t.create();
    const { release } = await t.record(id);
    await t.cancel(id);
    await t.delete(id);
    await t.create({ id });
    expect(Number((await t.record(id)).release)).toBeGreaterThan(Number(release));
    expect(await t.record(id)).toMatchObject({ attempt: '0', seq: '1' });
  });
});
