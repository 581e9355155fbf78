import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type OpenCell, openTestCell } from '../../testing/cell.ts';
import { openJobs } from './open-jobs.ts';
import { scheduler } from './scheduler.ts';

let t: OpenCell;
beforeEach(async () => {
  t = await openTestCell();
});
afterEach(() => t.close());

const run = (body: string, ...args: (string | number)[]) => t.lua([scheduler], body, args);
const hash = (name: string) => t.redis.hgetall(t.keys.sched(name));
const place = (id: string, lane = 'x', tenant = 'acme') =>
  run('place(ARGV[2], ARGV[3], ARGV[4], 0, false, nil, nil)', lane, id, tenant);

describe('a job in the scheduler (S1)', () => {
  it('waits, holds a permit, and is nowhere; the counts go with it', async () => {
    await place('job_a');
    expect([await hash('lanes'), await hash('waiting')]).toEqual([{ x: '1' }, { acme: '1' }]);
    await run("unplace('x', 'job_a', 'acme') count(sched('lanes'), 'x', 1)");
    await run("grantPermit('x', 'job_a', '7', 'acme', now)");
    expect([await hash('lanes'), await hash('waiting'), await hash('running')]).toEqual([
      { x: '1' },
      {},
      { acme: '1' },
    ]);
    expect(await run("return remove('x', 'job_a', '6', 'acme')")).toEqual([]);
    expect(await hash('running')).toEqual({ acme: '1' });
    expect(await run("return remove('x', 'job_a', '7', 'acme')")).toEqual([]);
    expect(await run("return remove('x', 'job_a', '7', 'acme')")).toEqual([]);
    expect([await hash('lanes'), await hash('running')]).toEqual([{}, {}]);
  });

  it('is taken out of backlog or delay once', async () => {
    await place('job_a');
    await run("place('x', 'job_b', 'acme', 0, false, now + 60000, now + 90000)");
    for (const id of ['job_a', 'job_b']) {
      expect(await run("return unplace('x', ARGV[2], 'acme')", id)).toBe(1);
      expect(await run("return unplace('x', ARGV[2], 'acme')", id)).toBeNull();
    }
    expect([await hash('lanes'), await hash('waiting')]).toEqual([{}, {}]);
    expect(await t.redis.exists(t.keys.sched('deadlines', 'x'))).toBe(0);
  });

  it('that was due in the past waits at once', async () => {
    await run("place('x', 'job_a', 'acme', 0, false, now - 1, nil)");
    expect(await t.redis.zcard(t.keys.sched('backlog', 'x:acme'))).toBe(1);
  });
});

describe('a backlog', () => {
  it('is by class, then by who has waited before, then by arrival, for every priority', async () => {
    const jobs = [-100, 100, 0, -1, 1, 99, -99].flatMap((priority) => [
      { id: `${priority}`, priority, again: 0 },
      { id: `${priority} again`, priority, again: 1 },
    ]);
    for (const { id, priority, again } of jobs) {
      await run("wait('x', ARGV[2], 'acme', tonumber(ARGV[3]), ARGV[4] == '1')", id, priority, again);
    }
    await run("wait('x', 'last', 'acme', -100, false)");
    const order = [100, 99, 1, 0, -1, -99, -100].flatMap((priority) => [`${priority} again`, `${priority}`]);
    expect(await t.redis.zrange(t.keys.sched('backlog', 'x:acme'), '0', '-1')).toEqual([...order, 'last']);
  });

  it('keeps the order of arrival after very many', async () => {
    await t.redis.hset(t.keys.sched('lane', 'x'), 'arrivals', 2 ** 43);
    for (let job = 0; job < 12; job += 1) await run("wait('x', ARGV[2], 'acme', -100, false)", `job_${job + 10}`);
    const order = await t.redis.zrange(t.keys.sched('backlog', 'x:acme'), '0', '-1');
    expect(order).toEqual([...order].sort());
  });
});

describe('a tenant', () => {
  it('has one turn in a lane, however many of its jobs wait', async () => {
    for (const id of ['job_a', 'job_b', 'job_c']) await place(id);
    expect(await t.redis.lrange(t.keys.sched('new', 'x'), 0, -1)).toEqual(['acme']);
    expect(await t.redis.hgetall(t.keys.sched('credit', 'x'))).toEqual({ acme: '0' });
  });

  it('that is blocked gets its turns back, in all lanes, once it may run again', async () => {
    await t.redis.sadd(t.keys.sched('blocked', 'acme'), 'x', 'y');
    await place('job_a');
    expect(await t.redis.exists(t.keys.sched('new', 'x'))).toBe(0);
    expect(((await run("return unblock('acme')")) as string[]).sort()).toEqual(['x', 'y']);
    expect(await run("return unblock('acme')")).toEqual([]);
    for (const lane of ['x', 'y']) expect(await t.redis.lrange(t.keys.sched('old', lane), 0, -1)).toEqual(['acme']);
  });
});

describe('counts', () => {
  it('never go below zero, and zero has no entry', async () => {
    await run("count(sched('lanes'), 'x', 1) count(sched('lanes'), 'x', -1) count(sched('lanes'), 'x', -1)");
    expect(await hash('lanes')).toEqual({});
  });
});

describe('a page of open jobs', () => {
  const page = async (from: string | number, after: string, most: number) => {
    const reply = await t.lua([openJobs], 'local p, n = openPage(ARGV[2], ARGV[3], tonumber(ARGV[4])) return {p, n}', [
      from,
      after,
      most,
    ]);
    const [flat, next] = reply as [string[], [string, string]];
    return { ids: flat.filter((_, at) => at % 2 === 0), next };
  };

  it('begins after a job, also where many have its time, or it has left', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) await t.redis.zadd(t.keys.open, 5, id);
    await t.redis.zadd(t.keys.open, 6, 'f');
    expect(await page('', '', 2)).toEqual({ ids: ['a', 'b'], next: ['5', 'b'] });
    expect(await page(5, 'b', 2)).toEqual({ ids: ['c', 'd'], next: ['5', 'd'] });
    await t.redis.zrem(t.keys.open, 'd');
    // All of that ms are looked at again rather than that one is missed.
    expect(await page(5, 'd', 2)).toEqual({ ids: ['a', 'b'], next: ['5', 'b'] });
    expect(await page(5, 'e', 2)).toEqual({ ids: ['f'], next: ['', ''] });
    expect(await page(6, 'g', 2)).toEqual({ ids: ['f'], next: ['', ''] });
  });

  it('is the last one where it is not full', async () => {
    expect(await page('', '', 2)).toEqual({ ids: [], next: ['', ''] });
    await t.redis.zadd(t.keys.open, 5, 'a', 5, 'b');
    expect((await page('', '', 2)).next).toEqual(['5', 'b']);
    expect(await page(5, 'b', 2)).toEqual({ ids: [], next: ['', ''] });
  });
});
