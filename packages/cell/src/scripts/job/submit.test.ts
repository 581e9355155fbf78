import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type OpenCell, openTestCell } from '../../../testing/cell.ts';
import { scripts } from '../index.ts';

let t: OpenCell;
beforeEach(async () => {
  t = await openTestCell();
});
afterEach(() => t.close());

describe('submit', () => {
  it('creates record, request, first event, lists and place, in one step', async () => {
    const { id, kind, rest } = await t.submit({ metadata: '{"a":"b"}', priority: -3, estimate: 7 });
    expect([kind, rest.slice(1)]).toEqual(['created', ['', 'accepted']]);
    const [createdAt = ''] = rest as string[];
    expect(await t.record(id)).toMatchObject({
      status: 'queued',
      tenant: 'acme',
      lane: 'default',
      task: 'task',
      digest: 'digest',
      attempt: '0',
      seq: '1',
      priority: '-3',
      tokens: '10',
      created_at: createdAt,
      reserved: '7',
    });
    const keys = t.keys.job(id);
    expect(await t.redis.mget(keys.request, keys.log)).toEqual(['{}', expect.stringMatching(/^id: 1\n/)]);
    expect(await t.redis.hgetall(keys.details)).toEqual({ metadata: '{"a":"b"}' });
    for (const list of [t.keys.open, t.keys.tenantJobs('acme')]) {
      expect(await t.redis.zrange(list, '0', '-1', 'WITHSCORES')).toEqual([id, createdAt]);
    }
    expect(await t.problems()).toEqual([]);
  });

  it('finds what the id names, with what the first request was', async () => {
    const id = await t.create({ metadata: '{}', digest: 'first' });
    const { kind, rest } = await t.submit({ id, digest: 'second', request: 'other' });
    const [record, details] = rest as string[][];
    expect(kind).toBe('found');
    expect(record?.slice(record.indexOf('digest')).slice(0, 2)).toEqual(['digest', 'first']);
    expect(details).toEqual(['metadata', '{}']);
    expect(await t.redis.get(t.keys.job(id).request)).toBe('{}');
  });

  it('of one id by many at once creates one job', async () => {
    const all = await Promise.all(Array.from({ length: 30 }, () => t.submit({ id: 'job_same', estimate: 5 })));
    expect(all.filter(({ kind }) => kind === 'created')).toHaveLength(1);
    expect(await t.reserved()).toBe(5);
    expect(await t.problems()).toEqual([]);
  });

  it('gives every release of the cell another number', async () => {
    const ids = await Promise.all(Array.from({ length: 30 }, () => t.create()));
    const releases = await Promise.all(ids.map(async (id) => (await t.record(id)).release));
    expect(new Set(releases).size).toBe(30);
  });

  it('keeps delay and deadline by Redis’ clock', async () => {
    const id = await t.create({ delayMs: 60_000, deadlineMs: 90_000 });
    const { created_at, due_at, deadline_at } = await t.record(id);
    expect([Number(due_at) - Number(created_at), Number(deadline_at) - Number(created_at)]).toEqual([60_000, 90_000]);
    expect(await t.redis.zscore(t.keys.sched('due', 'default'), id)).toBe(due_at);
    expect(await t.redis.zscore(t.keys.sched('deadlines', 'default'), id)).toBe(deadline_at);
  });
});

describe('what a tenant may run', () => {
  const stored = () => t.redis.hget(t.keys.sched('limits'), 'acme');

  it('is what the first submit says, and a later one’s where that is newer (S12)', async () => {
    await t.create({ runLimits: '1 1' });
    await t.create({ runLimits: '2 2' });
    expect(await stored()).toBe('1 1');
    await t.create({ runLimits: '3 3', areNewer: 1 });
    expect(await stored()).toBe('3 3');
    await t.create({ runLimits: '' });
    expect(await stored()).toBe('3 3');
  });

  it('is set at run time, and names the lanes in which the tenant may run again', async () => {
    await t.announce(9);
    await t.create({ runLimits: '1 1' });
    await t.create({ runLimits: '1 1' });
    await t.dispatch();
    await t.dispatch();
    expect(await scripts.runLimits.run(t.cell, ['acme', '2 1'])).toEqual(['default']);
    expect((await t.dispatch()).released).toHaveLength(1);
    expect(await scripts.runLimits.run(t.cell, ['acme', '1 1'])).toEqual([]);
    expect(await t.problems()).toEqual([]);
  });
});
