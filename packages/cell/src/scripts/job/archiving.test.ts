import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type OpenCell, openTestCell } from '../../../testing/cell.ts';
import { scripts } from '../index.ts';

let t: OpenCell;
beforeAll(async () => {
  t = await openTestCell();
});
beforeEach(async () => {
  await t.redis.del(t.keys.archiving);
  await t.redis.set(t.keys.archivingWanted, '1');
});
afterAll(() => t.close());

const outbox = () => t.redis.zrange(t.keys.archiving, '0', '-1');
const timeOf = async (entry: string) => Number(await t.redis.zscore(t.keys.archiving, entry));
const remove = (entry: string, time: number) => scripts.removeArchived.run(t.cell, [entry, time]);

describe('the outbox of the archive', () => {
  it('gets a job in the step that ends it, and a mark in the step that deletes it', async () => {
    const [run, cancelled] = [await t.create(), await t.create()];
    expect(await outbox()).toEqual([]);
    await t.run(run);
    await t.cancel(cancelled);
    expect(new Set(await outbox())).toEqual(new Set([run, cancelled]));
    expect(await timeOf(run)).toBe(Number((await t.record(run)).finished_at));
    await t.delete(run);
    expect(new Set(await outbox())).toEqual(new Set([run, cancelled, `-${run}`]));
  });

  it('gets nothing while no archive is wanted', async () => {
    await t.redis.del(t.keys.archivingWanted);
    const id = await t.create();
    await t.run(id);
    await t.delete(id);
    expect(await t.redis.keys(`${t.keys.archiving}*`)).toEqual([]);
  });

  it('keeps what was added again since it was read, also within the same millisecond', async () => {
    const id = await t.create();
    await t.cancel(id);
    // As if the clock stood still, or had gone back after a failover.
    const ahead = Date.now() + 60_000;
    await t.redis.zadd(t.keys.archiving, ahead, id);
    await t.retry(id);
    await t.cancel(id);
    expect(await timeOf(id)).toBe(ahead + 1);
    expect(await remove(id, ahead)).toBe(0);
    expect(await outbox()).toEqual([id]);
    expect(await remove(id, ahead + 1)).toBe(1);
    expect(await remove(id, ahead + 1)).toBe(0);
    expect(await outbox()).toEqual([]);
  });

  it('loses a job that expires before it was archived, and counts it', async () => {
    const ids = [await t.create(), await t.create()];
    for (const id of ids) {
      await t.cancel(id);
      await t.redis.del(t.keys.job(id).record);
      await t.redis.zadd(`${t.keys.base}expiring`, 1, `${id} acme`);
    }
    await t.redis.zrem(t.keys.archiving, ids[0] ?? '');
    expect(await scripts.removeExpired.run(t.cell, [9])).toEqual([2, 1]);
    expect(await outbox()).toEqual([]);
  });
});
