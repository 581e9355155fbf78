import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type OpenCell, openTestCell } from '../../testing/cell.ts';
import { admissionArguments, refusalOf } from '../admission.ts';

let t: OpenCell;
beforeAll(async () => {
  t = await openTestCell();
});
afterAll(() => t.close());

describe('an admission', () => {
  it('is refused while as many jobs wait as may, exactly', async () => {
    const all = await Promise.all(
      Array.from({ length: 20 }, () => t.submit({ tenant: 'waiting', maxQueued: 2, perMinute: 9 })),
    );
    expect(all.filter(({ kind }) => kind === 'created')).toHaveLength(2);
    const refused = all.find(({ kind }) => kind === 'refused');
    expect(refused).toMatchObject({ used: 2, rest: ['queued'] });
    for (const { id, kind } of all) if (kind === 'created') await t.cancel(id);
    expect((await t.submit({ tenant: 'waiting', maxQueued: 2 })).kind).toBe('created');
  });

  it('that is refused leaves nothing behind', async () => {
    await t.submit({ tenant: 'clean' });
    const before = (await t.allKeys()).sort();
    const refusals = [
      { maxQueued: 1 },
      { perMinute: 0 },
      { estimate: 2, dayBudget: 1 },
      { estimate: 2, monthBudget: 1 },
    ];
    for (const limits of refusals) {
      const shared = { shared: 'digest of it', sharedTtlMs: 0, runLimits: '5 5', areNewer: 1 };
      expect(await t.submit({ tenant: 'clean', ...shared, ...limits })).toMatchObject({ kind: 'refused' });
    }
    expect((await t.allKeys()).sort()).toEqual(before);
    expect(await t.redis.hget(t.keys.sched('limits'), 'clean')).toBe('0 1');
    expect((await t.submit({ tenant: 'clean', perMinute: 1, dayBudget: 1, estimate: 1, maxQueued: 2 })).kind).toBe(
      'created',
    );
  });

  it('returns an existing job even if the tenant has used up its limits', async () => {
    const id = await t.create({ tenant: 'found' });
    const none = { perMinute: 0, maxQueued: 0, dayBudget: 0, estimate: 5 };
    expect(await t.submit({ tenant: 'found', id, ...none })).toMatchObject({ kind: 'found' });
  });

  it('of a follower reserves nothing: it makes no call', async () => {
    const shared = { tenant: 'sharing', shared: 'one', sharedTtlMs: 0, estimate: 60, dayBudget: 100 };
    for (let job = 0; job < 3; job += 1) await t.create(shared);
    expect(await t.reserved('sharing')).toBe(60);
    expect(await t.problems()).toEqual([]);
  });
});

describe('what is asked and answered', () => {
  it('is what the scripts take: amounts in billionths, nothing for what is not limited', () => {
    expect(admissionArguments({ limits: {}, estimateUsd: null })).toEqual(['', '', '', '', '']);
    const limits = { requests_per_minute: 3, budget_usd: { day: 1, month: 0.5 }, max_queued: 9 };
    expect(admissionArguments({ limits, estimateUsd: 0.25 })).toEqual([250_000_000, 3, 1e9, 5e8, 9]);
  });

  it('names the limit that is in the way, in dollars', () => {
    expect(refusalOf(['queued'])).toEqual({ limit: 'queued' });
    expect(refusalOf(['requests'])).toEqual({ limit: 'requests' });
    expect(refusalOf(['month', '500000000', '1', '1700000000000', 'spent'])).toEqual({
      limit: 'budget',
      over: { period: 'month', spentUsd: 0.5, reservedUsd: 1e-9, nowMs: 1_700_000_000_000, why: 'spent' },
    });
  });
});
