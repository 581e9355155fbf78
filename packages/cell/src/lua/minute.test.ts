import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type OpenCell, openTestCell } from '../../testing/cell.ts';
import { minute } from './minute.ts';

let t: OpenCell;
beforeAll(async () => {
  t = await openTestCell();
});
afterAll(() => t.close());

const submit = (tenant: string, perMinute: number, id?: string) =>
  t.submit({ tenant, perMinute, ...(id === undefined ? {} : { id }) });
const read = (tenant: string) => t.lua([minute], 'return {readMinute(ARGV[2])}', [tenant]);

describe('requests a minute', () => {
  it('are admitted up to the limit at once, and then none before the first is a minute old', async () => {
    const all = await Promise.all(Array.from({ length: 50 }, () => submit('burst', 5)));
    expect(all.filter(({ kind }) => kind === 'created')).toHaveLength(5);
    await t.age('burst', 59_000);
    const refused = await submit('burst', 5);
    expect(refused).toMatchObject({ kind: 'refused', used: 5, rest: ['requests'] });
    expect(refused.leavesInMs).toBeGreaterThan(0);
    expect(refused.leavesInMs).toBeLessThanOrEqual(1_200);
    await t.age('burst', 1_200);
    expect(await submit('burst', 5)).toMatchObject({ kind: 'created', used: 1 });
  });

  it('are never more than the limit in any 60 s, however they come', async () => {
    const admitted: number[] = [];
    let dice = 7;
    let aged = 0;
    const began = performance.now();
    for (let step = 0; step < 200; step += 1) {
      dice = (dice * 48_271) % 2_147_483_647;
      const pause = (dice % 30) * 100 * (dice % 11 === 0 ? 10 : 1);
      await t.age('random', pause);
      aged += pause;
      const at = performance.now() - began + aged;
      if ((await submit('random', 10)).kind === 'created') admitted.push(at);
    }
    expect(admitted.length).toBeGreaterThan(50);
    admitted.forEach((at, index) => {
      const later = admitted[index + 10];
      if (later !== undefined) expect(later - at).toBeGreaterThanOrEqual(60_000 - 100);
    });
  });

  it('take at most 602 slots, and none a minute after the last request', async () => {
    const key = t.keys.minute('long');
    const now = Math.floor(Date.now() / 100);
    const slots = Array.from({ length: 700 }, (_, at) => now - at);
    await t.redis.hset(key, 'total', 700, 'first', now - 699, ...slots.flatMap((slot) => [slot, 1]));
    await submit('long', 1_000_000);
    expect(await t.redis.hlen(key)).toBeLessThanOrEqual(604);
    expect(await t.redis.pttl(key)).toBeGreaterThan(0);
    await t.age('long', 61_000);
    expect(await read('long')).toEqual([0, 0]);
    expect(await t.redis.exists(key)).toBe(0);
  });

  it('count a job once however often it is submitted at the same time', async () => {
    const replies = await Promise.all(Array.from({ length: 20 }, () => submit('twice', 5, 'job_same')));
    expect(replies.map(({ kind }) => kind).sort()).toEqual(['created', ...Array(19).fill('found')]);
    expect(replies.map(({ used }) => used)).toEqual(Array(20).fill(1));
    expect(await read('twice')).toEqual([1, expect.any(Number)]);
  });

  it('are not counted without a limit, nor where something else is refused', async () => {
    await t.submit({ tenant: 'free' });
    await t.submit({ tenant: 'free', perMinute: 5, maxQueued: 1 });
    await t.submit({ tenant: 'free', perMinute: 5, estimate: 2, dayBudget: 1 });
    expect(await read('free')).toEqual([0, 0]);
  });

  it('are still counted where Redis’ clock is set back', async () => {
    await submit('back', 5);
    await t.age('back', -30_000);
    expect(await submit('back', 5)).toMatchObject({ kind: 'created', used: 2 });
    await t.age('back', 91_000);
    expect(await read('back')).toEqual([0, 0]);
  });
});
