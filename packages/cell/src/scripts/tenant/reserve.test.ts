import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestAttempt } from '../../../testing/cell.ts';
import { type OpenCell, openTestCell } from '../../../testing/cell.ts';
import { scripts } from '../index.ts';

let t: OpenCell;
beforeAll(async () => {
  t = await openTestCell();
});
afterAll(async () => {
  expect(await t.problems()).toEqual([]);
  await t.close();
});

const running = async (tenant: string, estimate: number) =>
  t.claim(await t.create({ tenant, estimate, dayBudget: 1_000 }));

/** Reserves so much in all for a run. 'reserved', 'fenced', or the budget, what is spent and reserved, and why. */
async function reserve({ id, attempt, token }: TestAttempt, amount: number, kept = 0): Promise<string | string[]> {
  const reply = (await scripts.reserve.run(t.cell, [id, attempt, token, amount, kept, 1_000, ''])) as string[];
  const [kind = '', spent = '', reserved = '', , why = ''] = reply;
  return reply.length === 1 ? kind : [kind, spent, reserved, why];
}

describe('reserving more for a run', () => {
  it('never overruns a budget, when further calls come at once', async () => {
    const all = await Promise.all(Array.from({ length: 30 }, () => running('further', 20)));
    const replies = await Promise.all(all.map((attempt) => reserve(attempt, 60, 20)));
    expect(replies.filter((reply) => reply === 'reserved')).toHaveLength(10);
    expect(replies.at(-1)).toEqual(['day', '0', '1000', 'reserved']);
    expect(await t.reserved('further')).toBe(1_000);
    for (const attempt of all) await t.finish(attempt, { changes: { record: { spent: 20 } } });
    expect(await t.tenant('further')).toMatchObject({ reserved: '0', day_usd: '600' });
  });

  it('frees what the run does not need where it is refused, so that others can continue', async () => {
    const [one, other] = [await running('stuck', 500), await running('stuck', 500)];
    expect(await reserve(one, 600, 100)).toEqual(['day', '0', '1000', 'reserved']);
    expect(await t.reserved('stuck')).toBe(600);
    expect(await reserve(other, 600, 100)).toBe('reserved');
    expect(await t.reserved('stuck')).toBe(700);
    expect(await t.problems()).toEqual([]);
  });

  it('counts once however often it is sent, and lowers nothing where it is granted', async () => {
    const attempt = await running('raised', 200);
    await Promise.all([500, 500, 300, 100, 500].map((amount) => reserve(attempt, amount)));
    expect(await t.reserved('raised')).toBe(500);
    expect(await reserve(attempt, 1_001, 700)).toEqual(['day', '0', '500', 'budget']);
    expect(await t.reserved('raised')).toBe(500);
    expect(await reserve(attempt, 1_000)).toBe('reserved');
  });

  it('does nothing for an attempt that was fenced off: the reservation is its successor’s', async () => {
    const first = await running('fenced', 200);
    const second = await t.claim(first.id);
    expect(await reserve(second, 500, 300)).toBe('reserved');
    for (const amount of [900, 1_100]) expect(await reserve(first, amount, 100)).toBe('fenced');
    expect(await reserve({ ...second, token: 'other' }, 900)).toBe('fenced');
    expect(await t.reserved('fenced')).toBe(500);
    expect(await reserve(second, 1_100, 400)).toEqual(['day', '0', '500', 'budget']);
    expect(await t.reserved('fenced')).toBe(400);
  });

  it('does nothing for a run that is settled, or for a later run of the job', async () => {
    const first = await running('gone', 200);
    await t.finish(first, { status: 'failed', changes: { record: { spent: 100 } } });
    expect(await reserve(first, 900)).toBe('fenced');
    expect(await t.tenant('gone')).toMatchObject({ reserved: '0', day_usd: '100' });
    await t.retry(first.id, { estimate: 300, dayBudget: 1_000 });
    expect(await reserve(first, 900)).toBe('fenced');
    await t.claim(first.id);
    expect(await reserve(first, 900)).toBe('fenced');
    expect(await t.reserved('gone')).toBe(300);
  });

  it('of a job that was put back lasts until it ends', async () => {
    const attempt = await running('back', 200);
    await reserve(attempt, 400);
    await t.finish(attempt, { status: 'queued' });
    expect(await t.reserved('back')).toBe(400);
    await t.cancel(attempt.id);
    expect(await t.reserved('back')).toBe(0);
  });
});
