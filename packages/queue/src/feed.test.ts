import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openTestFeed, type TestFeed } from './test-feed.ts';

let t: TestFeed;
beforeEach(async () => {
  t = await openTestFeed();
});
afterEach(() => t.close());

const tenantsOf = (ids: string[]) => ids.map((id) => id.split('-')[0]);
const share = (ids: string[], tenant: string) => tenantsOf(ids).filter((name) => name === tenant).length;

async function backlog(tenant: string, jobs: number, limits?: { weight?: number; max_running?: number }) {
  await Promise.all(Array.from({ length: jobs }, () => t.add(tenant, {}, limits)));
}

describe('the order among tenants', () => {
  it('starts a job of B after at most one more of A, however many wait', async () => {
    await backlog('a', 300);
    await t.serve(5);
    await backlog('b', 1);
    expect(tenantsOf(await t.serve(2))).toContain('b');
  });

  it('serves equal tenants alike, one each in a round', async () => {
    for (const tenant of ['a', 'b', 'c', 'd']) await backlog(tenant, 25);
    // While they are newcomers, those that have had a turn go on beside them.
    await t.serve(20);
    const served = await t.serve(40);
    for (let round = 0; round < 10; round += 1) {
      expect(new Set(tenantsOf(served.slice(round * 4, round * 4 + 4))).size).toBe(4);
    }
  });

  it('serves by weight, fractions included', async () => {
    await backlog('half', 60, { weight: 0.5 });
    await backlog('one', 80, { weight: 1 });
    await backlog('two', 160, { weight: 2 });
    await backlog('four', 300, { weight: 4 });
    await t.serve(30);
    const served = await t.serve(300);
    const shares = ['half', 'one', 'two', 'four'].map((tenant) => share(served, tenant));
    // Exact but for the turns that the beginning and the end cut.
    for (const [at, expected] of [20, 40, 80, 160].entries()) {
      expect(Math.abs((shares[at] ?? 0) - expected)).toBeLessThanOrEqual(4);
    }
  });

  it('lets a flood of newcomers have half, and old tenants the other', async () => {
    for (const tenant of ['a', 'b']) await backlog(tenant, 100);
    await t.serve(4);
    const served: string[] = [];
    for (let finish = 0; finish < 80; finish += 1) {
      for (const newcomer of [1, 2, 3]) await t.add(`new${finish}x${newcomer}`);
      served.push(...(await t.serve(1)));
    }
    expect(share(served, 'a')).toBe(20);
    expect(share(served, 'b')).toBe(20);
  });

  it('doesn’t take for a newcomer who always comes back with one job', async () => {
    for (const tenant of ['a', 'b', 'c']) await backlog(tenant, 50);
    const served: string[] = [];
    for (let finish = 0; finish < 80; finish += 1) {
      if (tenantsOf(served).at(-1) === 'sly' || finish === 0) await t.add('sly');
      served.push(...(await t.serve(1)));
    }
    expect(share(served, 'sly')).toBeLessThanOrEqual(21);
    expect(share(served, 'a')).toBeGreaterThanOrEqual(19);
  });

  it('lets no tenant of small weight starve', async () => {
    await backlog('tiny', 2, { weight: 0.01 });
    await backlog('big', 250, { weight: 1 });
    expect(share(await t.serve(250), 'tiny')).toBeGreaterThanOrEqual(1);
  });

  it('serves a lone tenant of small weight at once', async () => {
    await backlog('tiny', 3, { weight: 0.01 });
    expect(await t.serve(9)).toHaveLength(3);
  });
});

describe('the order within a tenant', () => {
  it('is by priority, then who has waited before, then arrival', async () => {
    const names = ['low', 'plain', 'next', 'again', 'top'];
    const changes = [{ priority: -100 }, {}, {}, { again: true }, { priority: 100 }];
    for (const change of changes) await t.add('a', change);
    const order = (await t.serve(9)).map((id) => names[Number(id.split('-')[1]) - 1]);
    expect(order).toEqual(['top', 'again', 'plain', 'next', 'low']);
  });
});

describe('slots', () => {
  it('are as many as live workers take, and no more than the lane may have', async () => {
    await backlog('a', 20);
    expect(await t.pump()).toEqual([]);
    await t.feed.announce(t.lane, 'w1', 3);
    await t.feed.announce(t.lane, 'w2', 4);
    expect(await t.pump()).toHaveLength(7);
    await t.feed.setConfiguredLimits(t.lane, { max_running: 9 });
    await t.feed.announce(t.lane, 'w3', 50);
    expect(await t.pump()).toHaveLength(2);
    await t.feed.setLaneLimits(t.lane, { max_running: 10 });
    expect(await t.pump()).toHaveLength(1);
    await t.feed.setLaneLimits(t.lane, null);
    expect(await t.pump()).toHaveLength(0);
  });

  it('of a tenant are as many as it may have, over all lanes, and hold nobody else up', async () => {
    await backlog('capped', 5, { max_running: 2 });
    for (let job = 0; job < 5; job += 1) await t.add('capped', { lane: 'other' });
    await backlog('free', 5);
    for (const lane of [t.lane, 'other']) await t.feed.announce(lane, 'w', 20);
    const first = await t.pump();
    expect([share(first, 'capped'), share(first, 'free')]).toEqual([2, 5]);
    expect(await t.pump('other')).toEqual([]);
    const [capped = ''] = first.filter((id) => id.startsWith('capped'));
    const lanes = await t.feed.leave(t.lane, { jobId: capped, release: 1 });
    expect([...lanes].sort()).toEqual([t.lane, 'other']);
    expect(await t.pump('other')).toHaveLength(1);
    expect(await t.pump()).toEqual([]);
    await t.feed.setTenantLimits('capped', { max_running: 4 });
    expect([...(await t.pump()), ...(await t.pump('other'))]).toHaveLength(2);
  });

  it('are freed by their own release only, and once', async () => {
    await backlog('a', 9);
    await t.feed.announce(t.lane, 'w', 1);
    const [jobId = ''] = await t.pump();
    // A stalled worker wakes up and leaves a release that has been followed by another.
    await t.feed.leave(t.lane, { jobId, release: 0 });
    expect(await t.pump()).toEqual([]);
    for (let times = 0; times < 3; times += 1) await t.feed.leave(t.lane, { jobId, release: 1 });
    expect(await t.pump()).toHaveLength(1);
    expect(await t.feed.counts(t.lane)).toMatchObject({ slots: 1 });
  });

  it('are not given out while the lane is paused', async () => {
    await backlog('a', 2);
    await t.feed.announce(t.lane, 'w', 1);
    await t.feed.setPaused(t.lane, true);
    expect(await t.pump()).toEqual([]);
    await t.feed.setPaused(t.lane, false);
    expect(await t.pump()).toHaveLength(1);
  });
});

describe('limits of a tenant', () => {
  it('that came at run time stay, until whoever enqueues has seen newer ones', async () => {
    await t.feed.announce(t.lane, 'w', 9);
    await t.feed.setTenantLimits('a', { max_running: 2 });
    const stale = { release: 1, lane: t.lane, tenant: 'a', tokens: 1, delayMs: 0, deadlineInMs: null, priority: 0 };
    for (const jobId of ['a-x', 'a-y', 'a-z']) {
      await t.feed.enter({ ...stale, jobId, again: false }, { max_running: 1 }, false);
    }
    expect(await t.pump()).toHaveLength(2);
    await t.feed.enter({ ...stale, jobId: 'a-new', again: false }, { max_running: 3 }, true);
    expect(await t.pump()).toHaveLength(1);
  });
});
