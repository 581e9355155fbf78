import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type OpenCell, openTestCell } from '../../../testing/cell.ts';

let t: OpenCell;
beforeEach(async () => {
  t = await openTestCell();
});
afterEach(async () => {
  expect(await t.problems()).toEqual([]);
  await t.close();
});

const status = async (id: string) => (await t.record(id)).status;
const many = (count: number, change = {}) => Promise.all(Array.from({ length: count }, () => t.create(change)));

describe('dispatch', () => {
  it('gives permits, named by release, to as many as there are workers for', async () => {
    const [first = '', second = ''] = await many(3);
    expect((await t.dispatch()).released).toEqual([]);
    await t.announce(2);
    const named = await Promise.all([first, second].map(async (id) => `${id}.${(await t.record(id)).release}`));
    expect((await t.dispatch()).released).toEqual(named);
    expect((await t.dispatch()).released).toEqual([]);
    expect((await t.redis.zrange(t.keys.sched('permits', 'default'), '0', '-1')).sort()).toEqual(named.sort());
  });

  it('gives at most 100 at once, and says that there are more', async () => {
    await t.announce(250);
    await many(230);
    const rounds = [await t.dispatch(), await t.dispatch(), await t.dispatch()];
    expect(rounds.map(({ released, more }) => [released.length, more])).toEqual([
      [100, true],
      [100, true],
      [30, false],
    ]);
  });

  it('puts what was delayed and is due into its backlog, and says when the next is', async () => {
    await t.announce(9);
    const [early, late] = [await t.create({ delayMs: 60_000 }), await t.create({ delayMs: 90_000 })];
    const before = await t.dispatch();
    expect(before.released).toEqual([]);
    expect(before.nextMs).toBeGreaterThan(55_000);
    expect(before.nextMs).toBeLessThanOrEqual(60_000);
    await t.redis.zadd(t.keys.sched('due', 'default'), Date.now() - 5, early);
    const after = await t.dispatch();
    expect(after.released.map((name) => name.split('.')[0])).toEqual([early]);
    expect(after.nextMs).toBeGreaterThan(85_000);
    expect(await t.redis.zrange(t.keys.sched('due', 'default'), '0', '-1')).toEqual([late]);
  });

  it('has nothing to say of a lane where nothing waits', async () => {
    expect(await t.dispatch('empty')).toEqual({ released: [], expired: [], nextMs: -1, more: false });
    expect(await t.allKeys()).toEqual([]);
  });

  it('drops what has no record any more', async () => {
    await t.announce(9);
    const [gone = '', there = ''] = await many(2);
    await t.redis.del(t.keys.job(gone).record);
    expect((await t.dispatch()).released.map((name) => name.split('.')[0])).toEqual([there]);
    await t.redis.zrem(t.keys.open, gone);
  });

  it('takes the lane’s requests for a job’s first call, and waits where there are none', async () => {
    await t.announce(9);
    await t.redis.hset(t.keys.sched('lane', 'default'), 'config', '0 20 0');
    await many(5);
    const first = await t.dispatch();
    expect(first.released).toHaveLength(2);
    expect(first.nextMs).toBeGreaterThan(1_000);
    expect((await t.dispatch()).released).toEqual([]);
  });
});

describe('what is past its deadline', () => {
  const passDeadlines = async () => {
    const key = t.keys.sched('deadlines', 'default');
    for (const id of await t.redis.zrange(key, '0', '-1')) await t.redis.zadd(key, 1, id);
  };

  it('fails, waiting or delayed, in batches of ten, without a permit or an attempt', async () => {
    const waiting = await many(12, { deadlineMs: 60_000, estimate: 5 });
    const delayed = await many(11, { deadlineMs: 60_000, delayMs: 50_000, estimate: 5 });
    const inTime = await t.create({ estimate: 5 });
    await passDeadlines();
    const rounds = [await t.dispatch(), await t.dispatch(), await t.dispatch()];
    expect(rounds.map(({ expired, more }) => [expired.length, more])).toEqual([
      [10, true],
      [10, true],
      [3, false],
    ]);
    expect(rounds.flatMap(({ expired }) => expired).sort()).toEqual([...waiting, ...delayed].sort());
    expect(await status(waiting[0] ?? '')).toBe('failed');
    expect(await t.record(delayed[0] ?? '')).toMatchObject({ status: 'failed', attempt: '0', seq: '2', reserved: '0' });
    expect(await t.log(delayed[0] ?? '')).toContain('event: job.failed\ndata: {"error":{"code":"late"}}\n\n');
    expect(await t.redis.hget(t.keys.job(waiting[0] ?? '').details, 'error')).toBe('{"code":"late"}');
    expect(await t.reserved()).toBe(5);
    expect(await t.today()).toMatchObject({ jobs: '23' });
    await t.announce(9);
    expect((await t.dispatch()).released.map((name) => name.split('.')[0])).toEqual([inTime]);
  });

  it('fails although the lane is paused; what has a permit is its worker’s to end', async () => {
    await t.announce(1);
    const held = await t.create({ deadlineMs: 60_000 });
    await t.dispatch();
    const waiting = await t.create({ deadlineMs: 60_000 });
    await t.redis.hset(t.keys.sched('lane', 'default'), 'paused', 1);
    await passDeadlines();
    expect((await t.dispatch()).expired).toEqual([waiting]);
    expect(await status(held)).toBe('queued');
  });

  it('says when the next is due', async () => {
    await t.create({ deadlineMs: 30_000 });
    const { nextMs } = await t.dispatch();
    expect(nextMs).toBeGreaterThan(25_000);
    expect(nextMs).toBeLessThanOrEqual(30_000);
  });

  it('leaves what an earlier attempt has begun at a provider to be ended', async () => {
    const id = await t.create({ deadlineMs: 60_000 });
    await t.run(id, { status: 'queued', changes: { calls: { 'call:': '{"response":{"id":"resp_1"}}' } } });
    await passDeadlines();
    await t.dispatch();
    expect(await t.redis.zcard(t.keys.leftover)).toBe(1);
  });
});
