import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type OpenCell, openTestCell } from '../test-cell.ts';
import { scripts } from './index.ts';

let t: OpenCell;
beforeEach(async () => {
  t = await openTestCell();
});
afterEach(() => t.close());

/** A job that has ended with a log that is worth compressing; and its last event. */
async function ended(): Promise<{ id: string; seq: number }> {
  const attempt = await t.claim(await t.create());
  const text = 'x'.repeat(5_000);
  const { id, token } = attempt;
  await scripts.append.run(t.cell, [id, attempt.attempt, token, 1, 2, text, ...[0, 0, 0, 0]]);
  await t.finish({ ...attempt, seq: 2 }, { status: 'failed' });
  return { id, seq: 3 };
}

const pack = (id: string, seq: number, packed: string) => scripts.packLog.run(t.cell, [id, seq, packed]);
const claim = async (most = 9) => ((await scripts.claimCompactions.run(t.cell, [most])) as string[]).slice(1);

describe('a log that is worth compressing', () => {
  it('is given to one at a time once its job has ended, and again after a while until it is packed', async () => {
    const small = await t.create();
    await t.run(small);
    const { id, seq } = await ended();
    expect(await claim()).toEqual([id]);
    expect(await claim()).toEqual([]);
    expect(Number(await t.redis.zscore(t.keys.compact, id))).toBeGreaterThan(Date.now() + 20_000);
    expect(await pack(id, seq, 'packed')).toBe(1);
    expect(await claim()).toEqual([]);
  });

  it('has the compressed one beside it, which lasts as long as the job; the log goes a little later', async () => {
    const { id, seq } = await ended();
    const { record, log, packed } = t.keys.job(id);
    for (const key of [record, log]) await t.redis.pexpire(key, 500_000);
    await pack(id, seq, 'packed');
    expect(await t.redis.get(packed)).toBe('packed');
    expect((await t.record(id)).packed).toBe('6');
    expect(await t.redis.pttl(packed)).toBeGreaterThan(400_000);
    const goesAt = Number(await t.redis.zscore(t.keys.compact, id));
    expect(Math.abs(goesAt - Date.now() - 15_000)).toBeLessThan(5_000);
    expect(await claim()).toEqual([]);
    expect(await t.redis.exists(log)).toBe(1);
    await t.redis.zadd(t.keys.compact, 1, id);
    expect(await claim()).toEqual([]);
    expect([await t.redis.exists(log), await t.redis.zcard(t.keys.compact)]).toEqual([0, 0]);
  });

  it('stays as it is where compressing gains nothing, the job runs again, or has gone', async () => {
    const [plain, retried, gone] = [await ended(), await ended(), await ended()];
    await t.retry(retried.id);
    await t.delete(gone.id);
    expect(await pack(plain.id, plain.seq, '')).toBe(0);
    expect(await pack(retried.id, retried.seq, 'packed')).toBe(0);
    expect(await pack(gone.id, gone.seq, 'packed')).toBe(0);
    expect(await pack(plain.id, plain.seq, '\0never 9')).toBe(0);
    expect(await t.redis.keys(`${t.keys.base}*:packed`)).toEqual([]);
    expect(await t.redis.zcard(t.keys.compact)).toBe(0);
    expect((await t.log(plain.id)).length).toBeGreaterThan(5_000);
  });

  it('that was packed is the log again, for a job that is to run again', async () => {
    const { id, seq } = await ended();
    const log = await t.log(id);
    await pack(id, seq, 'packed');
    await t.redis.del(t.keys.job(id).log);
    await scripts.unpackLog.run(t.cell, [id, log]);
    await scripts.unpackLog.run(t.cell, [id, 'not again']);
    expect(await t.log(id)).toBe(log);
    expect(await t.record(id)).not.toHaveProperty('packed');
    expect(await t.redis.exists(t.keys.job(id).packed)).toBe(0);
    // Should it be refused: then its log is packed again.
    expect(Number(await t.redis.zscore(t.keys.compact, id))).toBeGreaterThan(Date.now() + 20_000);
    expect((await t.retry(id))[0]).toBe('queued');
    expect(await t.redis.zcard(t.keys.compact)).toBe(0);
    await t.append(await t.claim(id));
    expect((await t.log(id)).startsWith(log)).toBe(true);
    expect(await t.redis.pttl(t.keys.job(id).log)).toBe(-1);
  });
});
