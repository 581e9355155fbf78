import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type OpenCell, openTestCell } from '../../../testing/cell.ts';
import { scripts } from '../index.ts';

let t: OpenCell;
beforeEach(async () => {
  t = await openTestCell();
});
afterEach(async () => {
  expect(await t.problems()).toEqual([]);
  await t.close();
});

type Page = [string, string, number, number, ...string[]];

const repairPage = async ([time, id]: readonly [string, string], limit: number) =>
  (await scripts.repair.run(t.cell, [time, id, limit])) as Page;

/** Goes through all open jobs. Pages, entries dropped, jobs placed; throws where it doesn't end. */
async function repair(limit = 50) {
  const total = { pages: 0, dropped: 0, placed: 0, lanes: new Set<string>() };
  let end: [string, string] = ['', ''];
  do {
    const [time, id, dropped, placed, ...lanes] = await repairPage(end, limit);
    total.pages += 1;
    total.dropped += dropped;
    total.placed += placed;
    for (const lane of lanes) total.lanes.add(lane);
    end = [time, id];
    if (total.pages > 1_000) throw new Error('it goes on forever');
  } while (end[1] !== '');
  return total;
}

const counts = async () => (await scripts.counts.run(t.cell, [])) as [number, number, number, ...string[]];
const many = (count: number, change = {}) => Promise.all(Array.from({ length: count }, () => t.create(change)));
/** As if all open jobs had been created at once. */
async function createAtOnce() {
  for (const id of await t.redis.zrange(t.keys.open, '0', '-1')) await t.redis.zadd(t.keys.open, 1_000, id);
}

describe('the counts', () => {
  it('of open jobs and of placed ones are the same, until keys are lost', async () => {
    await many(3);
    await t.create({ lane: 'other', delayMs: 60_000 });
    await t.announce(1);
    await t.dispatch();
    const [open, placed, unlisted, ...lanes] = await counts();
    expect([open, placed, unlisted, lanes.sort()]).toEqual([4, 4, 0, ['default', 'other']]);
    await t.loseScheduler();
    expect(await counts()).toEqual([4, 0, 0]);
    await repair();
  });
});

describe('repair', () => {
  it('places all jobs again, exactly once, where the scheduler’s keys were lost', async () => {
    await t.announce(3);
    await many(20, { deadlineMs: 90_000 });
    await t.create({ tenant: 'b', lane: 'other', priority: 5 });
    const delayed = await t.create({ delayMs: 60_000 });
    await t.dispatch();
    const running = await t.claim('acme-1');
    const retried = await t.create();
    await t.run(retried, { status: 'queued', delayMs: 60_000 });
    await t.loseScheduler();
    expect(await repair(7)).toEqual({ pages: 4, dropped: 0, placed: 23, lanes: new Set(['default', 'other']) });
    expect(await t.problems()).toEqual([]);
    expect(await repair(7)).toMatchObject({ dropped: 0, placed: 0 });
    const due = await t.redis.zrange(t.keys.sched('due', 'default'), '0', '-1');
    expect(due.sort()).toEqual([delayed, retried].sort());
    expect(await t.redis.zcard(t.keys.sched('deadlines', 'default'))).toBe(20);
    expect((await t.finish(running))[0]).toBe('applied');
  });

  it('keeps the order: jobs that have run before go first', async () => {
    const [first = '', second = ''] = await many(2);
    await t.run(second, { status: 'queued' });
    await t.loseScheduler();
    await repair();
    await t.announce(9);
    expect((await t.dispatch()).released.map((name) => name.split('.')[0])).toEqual([second, first]);
  });

  it('leaves alone what is placed, among what is not', async () => {
    const kept = await t.create();
    await many(2, { tenant: 'b' });
    await t.redis.del(t.keys.sched('backlog', 'default:b'), t.keys.sched('waiting'));
    await t.redis.hset(t.keys.sched('waiting'), 'acme', 1);
    await t.redis.hset(t.keys.sched('lanes'), 'default', 1);
    expect(await repair()).toMatchObject({ placed: 2 });
    expect(await t.redis.zrange(t.keys.sched('backlog', 'default:acme'), '0', '-1')).toEqual([kept]);
  });

  it('ends, and sees every job once, also where all were created in the same ms', async () => {
    await many(120);
    await createAtOnce();
    await t.loseScheduler();
    expect(await repair(50)).toMatchObject({ pages: 3, placed: 120 });
    expect(await repair(40)).toMatchObject({ placed: 0 });
  });

  it('drops entries that have no record any more or have ended, and ends', async () => {
    const ids = await many(60);
    await createAtOnce();
    const [ended = ''] = ids;
    await t.redis.hset(t.keys.job(ended).record, 'status', 'completed');
    const kept = ids.slice(-2);
    for (const id of ids.slice(1, -2)) await t.redis.del(t.keys.job(id).record);
    await t.loseScheduler();
    await t.redis.del(t.keys.tenant('acme'));
    expect(await repair(3)).toMatchObject({ dropped: 58, placed: 2 });
    expect((await t.redis.zrange(t.keys.open, '0', '-1')).sort()).toEqual(kept.sort());
  });

  it('continues where it was although the last job of the page has ended meanwhile', async () => {
    const ids = await many(30);
    await createAtOnce();
    await t.loseScheduler();
    const [time, last, , first] = await repairPage(['', ''], 10);
    expect(first).toBe(10);
    await t.cancel(last);
    const seen = new Set<string>();
    let end: [string, string] = [time, last];
    for (let page = 0; end[1] !== '' && page < 20; page += 1) {
      const [at, id] = await repairPage(end, 10);
      end = [at, id];
      seen.add(id);
    }
    expect(end[1]).toBe('');
    expect(ids.length).toBe(30);
    expect((await counts()).slice(0, 2)).toEqual([29, 29]);
  });
});

describe('the list of all jobs', () => {
  it('is made anew, page by page, for jobs of versions that had none', async () => {
    const ids = await many(7);
    await t.run(ids[0] ?? '', { status: 'failed' });
    await t.run(ids[1] ?? '', { status: 'completed' });
    await t.cancel(ids[2] ?? '');
    const before = await t.redis.zrange(t.keys.jobs, '0', '-1', 'WITHSCORES');
    await t.redis.del(t.keys.jobs, t.keys.failed);
    expect((await counts())[2]).toBe(7);
    await t.list(2);
    expect((await counts())[2]).toBe(0);
    expect(await t.redis.zrange(t.keys.jobs, '0', '-1', 'WITHSCORES')).toEqual(before);
    expect(await t.redis.zrange(t.keys.failed, '0', '-1')).toEqual([ids[0]]);
  });

  it('has failed jobs, which are in the list of failed ones as well until they are retried or deleted', async () => {
    const [retried = '', deleted = ''] = await many(2);
    for (const id of [retried, deleted]) await t.run(id, { status: 'failed' });
    const { finished_at: finishedAt } = await t.record(retried);
    expect(await t.redis.zscore(t.keys.failed, retried)).toBe(finishedAt);
    await t.retry(retried);
    await t.delete(deleted);
    expect(await t.redis.zcard(t.keys.failed)).toBe(0);
    expect(await t.redis.zrange(t.keys.jobs, '0', '-1')).toEqual([retried]);
  });
});

describe('the list of failed jobs', () => {
  it('loses an expired job that is created again before maintenance comes', async () => {
    const id = await t.create();
    await t.run(id, { status: 'failed' });
    await t.redis.del(t.keys.job(id).record);
    await t.create({ id });
    expect(await t.redis.zcard(t.keys.failed)).toBe(0);
  });
});

describe('the open jobs of a lane', () => {
  it('are found page by page; followers wait elsewhere', async () => {
    await t.create({ lane: 'x', shared: 'one', sharedTtlMs: 0 });
    await t.create({ lane: 'x', shared: 'one', sharedTtlMs: 0 });
    await many(7, { lane: 'y' });
    await many(5, { lane: 'x' });
    await createAtOnce();
    const found: string[] = [];
    let end: [string, string] = ['', ''];
    do {
      const [time = '', id = '', ...flat] = (await scripts.jobsOfLane.run(t.cell, ['x', ...end, 4])) as string[];
      for (let at = 0; at < flat.length; at += 3) found.push(`${flat[at]}.${flat[at + 1]}.${flat[at + 2]}`);
      end = [time, id];
    } while (end[1] !== '');
    expect(found).toHaveLength(6);
    expect(new Set(found).size).toBe(6);
    expect(found[0]).toMatch(/^acme-\d+\.\d+\.0$/);
  });
});

describe('removing what has expired', () => {
  const expiring = () => `${t.keys.base}expiring`;
  const removeExpired = async (limit: number) => ((await scripts.removeExpired.run(t.cell, [limit])) as number[])[0];

  it('takes it off its tenant’s list, up to a limit at once, when its record has expired', async () => {
    const ids = await many(5);
    for (const id of ids) await t.cancel(id);
    expect(await removeExpired(9)).toBe(0);
    for (const id of ids.slice(1)) await t.redis.del(t.keys.job(id).record);
    for (const id of ids) await t.redis.zadd(expiring(), 1, `${id} acme`);
    // The entry is due and the record is still there: it stays.
    expect(await removeExpired(9)).toBe(5);
    expect(await t.redis.zrange(t.keys.tenantJobs('acme'), '0', '-1')).toEqual([ids[0]]);
    expect(await t.redis.zrange(t.keys.jobs, '0', '-1')).toEqual([ids[0]]);
    expect(await t.redis.zrange(expiring(), '0', '-1')).toEqual([`${ids[0]} acme`]);
    expect(await removeExpired(1)).toBe(1);
  });

  it('leaves a job alone that runs again, or was created again under the id', async () => {
    const id = await t.create();
    await t.cancel(id);
    await t.retry(id);
    expect(await t.redis.zcard(expiring())).toBe(0);
    await t.cancel(id);
    await t.redis.del(t.keys.job(id).record);
    await t.create({ id });
    expect(await t.redis.zcard(expiring())).toBe(0);
    expect(await removeExpired(9)).toBe(0);
    expect(await t.redis.zrange(t.keys.tenantJobs('acme'), '0', '-1')).toEqual([id]);
  });
});
