import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type NewTestJob, type OpenCell, openTestCell } from '../../../testing/cell.ts';
import { scripts } from '../index.ts';

let t: OpenCell;
beforeEach(async () => {
  t = await openTestCell();
});
afterEach(() => t.close());

/** A job that has ended with a log that is worth compressing; and its last event. */
async function ended(options: NewTestJob = {}): Promise<{ id: string; seq: number }> {
  const attempt = await t.claim(await t.create(options));
  const text = 'x'.repeat(5_000);
  const { id, token } = attempt;
  await scripts.append.run(t.cell, [id, attempt.attempt, token, 1, 2, text, 0, 0, 0, 0]);
  await t.finish({ ...attempt, seq: 2 }, { status: 'failed' });
  return { id, seq: 3 };
}

const pack = (id: string, seq: number, packed: string) => scripts.packJob.run(t.cell, [id, seq, packed]);
const claim = async (most = 9) => ((await scripts.claimPacking.run(t.cell, [most])) as string[]).slice(1);

describe('a job that is worth packing', () => {
  it('is given to one at a time once it has ended, and again after a while until it is packed', async () => {
    const small = await t.create();
    await t.run(small);
    const { id, seq } = await ended();
    expect(await claim()).toEqual([id]);
    expect(await claim()).toEqual([]);
    expect(Number(await t.redis.zscore(t.keys.packing, id))).toBeGreaterThan(Date.now() + 20_000);
    expect(await pack(id, seq, 'packed')).toBe(1);
    expect(await claim()).toEqual([]);
  });

  it('has what is packed beside it, which lasts as long as the job; log and request go a little later', async () => {
    const { id, seq } = await ended();
    const { record, log, packed, request } = t.keys.job(id);
    for (const key of [record, log]) await t.redis.pexpire(key, 500_000);
    await pack(id, seq, 'packed');
    expect(await t.redis.get(packed)).toBe('packed');
    expect((await t.record(id)).packed).toBe('6');
    expect(await t.redis.pttl(packed)).toBeGreaterThan(400_000);
    const goesAt = Number(await t.redis.zscore(t.keys.packing, id));
    expect(Math.abs(goesAt - Date.now() - 15_000)).toBeLessThan(5_000);
    expect(await claim()).toEqual([]);
    expect(await t.redis.exists(log, request)).toBe(2);
    await t.redis.zadd(t.keys.packing, 1, id);
    expect(await claim()).toEqual([]);
    expect([await t.redis.exists(log, request), await t.redis.zcard(t.keys.packing)]).toEqual([0, 0]);
  });

  it('stays as it is where compressing gains nothing, the job runs again, or was deleted', async () => {
    const [plain, retried, gone] = [await ended(), await ended(), await ended()];
    await t.retry(retried.id);
    await t.delete(gone.id);
    expect(await pack(plain.id, plain.seq, '')).toBe(0);
    expect(await pack(retried.id, retried.seq, 'packed')).toBe(0);
    expect(await pack(gone.id, gone.seq, 'packed')).toBe(0);
    expect(await pack(plain.id, plain.seq, '\0never 9')).toBe(0);
    expect(await t.redis.keys(`${t.keys.base}*:packed`)).toEqual([]);
    expect(await t.redis.zcard(t.keys.packing)).toBe(0);
    expect((await t.log(plain.id)).length).toBeGreaterThan(5_000);
  });

  it('is given as well for a long request, but not for one that is too long', async () => {
    const [long, tooLong] = [
      await t.create({ request: 'x'.repeat(5_000) }),
      await t.create({ request: 'x'.repeat(65_537) }),
    ];
    for (const id of [long, tooLong]) await t.run(id);
    expect(await claim()).toEqual([long]);
  });

  it('keeps a request that is too long to be packed', async () => {
    const { id, seq } = await ended({ request: 'x'.repeat(65_537) });
    await pack(id, seq, 'packed');
    await t.redis.zadd(t.keys.packing, 1, id);
    await claim();
    expect(await t.redis.exists(t.keys.job(id).log, t.keys.job(id).request)).toBe(1);
  });

  it('is as it was again where it is to run again', async () => {
    const { id, seq } = await ended();
    const log = await t.log(id);
    const { request } = t.keys.job(id);
    const asked = String(await t.redis.get(request));
    await pack(id, seq, 'packed');
    await t.redis.del(t.keys.job(id).log, request);
    await scripts.unpackJob.run(t.cell, [id, log, asked]);
    await scripts.unpackJob.run(t.cell, [id, 'not again', '']);
    expect(await t.log(id)).toBe(log);
    expect(await t.redis.get(request)).toBe(asked);
    expect(await t.redis.pttl(request)).toBeGreaterThan(1_000);
    expect(await t.record(id)).not.toHaveProperty('packed');
    expect(await t.redis.exists(t.keys.job(id).packed)).toBe(0);
    // Should it be refused: then its log is packed again.
    expect(Number(await t.redis.zscore(t.keys.packing, id))).toBeGreaterThan(Date.now() + 20_000);
    expect((await t.retry(id))[0]).toBe('queued');
    expect(await t.redis.zcard(t.keys.packing)).toBe(0);
    await t.append(await t.claim(id));
    expect((await t.log(id)).startsWith(log)).toBe(true);
    expect(await t.redis.pttl(t.keys.job(id).log)).toBe(-1);
  });
});
