import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type OpenCell, openTestCell } from '../../../testing/cell.ts';

let t: OpenCell;
beforeAll(async () => {
  t = await openTestCell();
});
afterAll(async () => {
  expect(await t.problems()).toEqual([]);
  await t.close();
});

const permits = (lane: string) => t.redis.zrange(t.keys.sched('permits', lane), '0', '-1');
const events = async (id: string) => (await t.log(id)).match(/(?<=^event: ).*$/gm);

describe('the end of a job (S5)', () => {
  it('is its terminal event, its state, its spend and its permit, in one step', async () => {
    await t.announce(1);
    const id = await t.create({ estimate: 50 });
    expect((await t.dispatch()).released).toHaveLength(1);
    await t.run(id, { output: '{"a":1}', changes: { record: { spent: 20 }, details: { usage: '{}' } } });
    const { status, finished_at, reserved } = await t.record(id);
    expect([status, reserved]).toEqual(['completed', '0']);
    expect(Math.abs(Number(finished_at) - Date.now())).toBeLessThan(5_000);
    expect(await events(id)).toEqual(['job.accepted', 'job.completed']);
    expect(await t.tenant()).toMatchObject({ reserved: '0', day_usd: '20' });
    expect(await permits('default')).toEqual([]);
    expect(await t.redis.zscore(t.keys.open, id)).toBeNull();
    expect(await t.redis.get(t.keys.job(id).output)).toBe('{"a":1}');
  });

  it('sets the expiry of all the job’s keys, and stores when to remove it', async () => {
    const id = await t.create({ metadata: '{}' });
    const attempt = await t.claim(id);
    await t.append(attempt, { calls: { 'answer:a': '1' }, steps: { 'step:s': '1' } });
    await t.finish(attempt, { output: '1', text: '"t"' });
    const keys = await t.redis.keys(`${t.keys.job(id).record}*`);
    expect(keys.length).toBeGreaterThanOrEqual(8);
    for (const key of keys) expect(await t.redis.pttl(key)).toBeGreaterThan(50_000);
    expect(Number(await t.redis.zscore(`${t.keys.base}expiring`, `${id} acme`))).toBeGreaterThan(Date.now() + 50_000);
  });

  it('names the lanes in which the tenant may run again', async () => {
    const tenant = 'blocked';
    const capped = { tenant, runLimits: '1 1' };
    const lanes = ['x', 'y', 'z'];
    for (const lane of lanes) await t.announce(9, lane);
    const id = await t.create({ ...capped, lane: 'x' });
    await t.dispatch('x');
    for (const lane of lanes) await t.create({ ...capped, lane });
    for (const lane of lanes) expect((await t.dispatch(lane)).released).toEqual([]);
    const [, , ...unblocked] = await t.finish(await t.claim(id));
    expect((unblocked as string[]).sort()).toEqual(lanes);
    expect((await t.dispatch('y')).released).toHaveLength(1);
    expect((await t.dispatch('z')).released).toHaveLength(0);
  });
});

describe('an attempt that puts its job back', () => {
  it('frees the permit, and the job waits under a new release until it is due', async () => {
    await t.announce(1, 'back');
    const id = await t.create({ lane: 'back', estimate: 30 });
    const [first] = (await t.dispatch('back')).released;
    const { release } = await t.record(id);
    expect(first).toBe(`${id}.${release}`);
    const reserved = await t.reserved();
    await t.run(id, { status: 'queued', delayMs: 60_000 });
    const after = await t.record(id);
    expect(after).toMatchObject({ status: 'queued', attempt: '1', reserved: '30' });
    expect(Number(after.release)).toBeGreaterThan(Number(release));
    expect(Number(after.retry_at)).toBeGreaterThan(Date.now() + 50_000);
    expect(await permits('back')).toEqual([]);
    expect(await t.redis.zscore(t.keys.sched('due', 'back'), id)).toBe(after.retry_at);
    expect(await t.reserved()).toBe(reserved);
    expect(await t.problems()).toEqual([]);
  });

  it('keeps its deadline', async () => {
    const id = await t.create({ lane: 'in time', deadlineMs: 90_000 });
    const key = t.keys.sched('deadlines', 'in time');
    const deadline = await t.redis.zscore(key, id);
    await t.announce(1, 'in time');
    await t.dispatch('in time');
    expect(await t.redis.zcard(key)).toBe(0);
    await t.run(id, { status: 'queued' });
    expect(await t.redis.zscore(key, id)).toBe(deadline);
  });

  it('leaves the followers’ queue where it follows nobody any more', async () => {
    const leader = await t.create({ lane: 'own', shared: 'one', sharedTtlMs: 0 });
    const id = await t.create({ lane: 'own', shared: 'one', sharedTtlMs: 0 });
    await t.run(id, { status: 'queued' });
    expect((await t.record(id)).queue).toBe('~followers');
    await t.run(id, { status: 'queued', leavesQueue: true });
    expect(await t.record(id)).not.toHaveProperty('queue');
    expect(await t.redis.zrange(t.keys.sched('backlog', 'own:acme'), '0', '-1')).toEqual([id, leader]);
    await t.cancel(leader);
  });

  it('cancels it where a cancel was asked for, and its open calls are left to be ended', async () => {
    const id = await t.create({ estimate: 70 });
    const attempt = await t.claim(id);
    await t.cancel(id);
    const changes = { record: { spent: 5, open_cost: 9 }, calls: { 'call:': '{"response":{"id":"resp_1"}}' } };
    expect(await t.finish(attempt, { status: 'queued', delayMs: 60_000, changes })).toEqual(['applied', 'cancelled']);
    expect(await events(id)).toEqual(['job.accepted', 'job.queued', 'job.cancelled']);
    expect(await t.record(id)).toMatchObject({ status: 'cancelled', seq: '3', reserved: '0' });
    const [entry = '{}'] = await t.redis.zrange(t.keys.leftover, '0', '-1');
    expect(JSON.parse(entry)).toMatchObject({ lane: 'default', call: changes.calls['call:'] });
  });
});
