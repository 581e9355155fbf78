import { followersLane } from '@holdfast/core';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openTestScheduler, type TestScheduler } from '../../testing/scheduler.ts';

let t: TestScheduler;
beforeEach(async () => {
  t = await openTestScheduler();
});
afterEach(() => t.close());

const tenantsOf = (ids: string[]) => ids.map((id) => id.split('-')[0]);
const share = (ids: string[], tenant: string) => tenantsOf(ids).filter((name) => name === tenant).length;

async function backlog(tenant: string, jobs: number, limits?: { weight?: number; max_running?: number }) {
  await Promise.all(Array.from({ length: jobs }, () => t.add(tenant, {}, limits)));
}

describe('who waits for a turn', () => {
  it('is others, where they have jobs that wait for nothing else', async () => {
    await backlog('a', 2);
    const doOthersWait = (tenant: string) => t.scheduler.doOthersWait(t.lane, tenant);
    expect([await doOthersWait('a'), await doOthersWait('b')]).toEqual([false, true]);
    await t.add('b', { delayMs: 60_000 });
    expect(await doOthersWait('a')).toBe(false);
    const id = await t.add('b');
    expect(await doOthersWait('a')).toBe(true);
    await t.scheduler.announce(t.lane, 'one', 10);
    expect(await t.dispatch()).toContain(id);
    expect(await doOthersWait('a')).toBe(false);
  });
});

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
    const waiting = { low: -100, plain: 0, next: 0, top: 100 };
    await t.scheduler.announce(t.lane, 'one', 1);
    await t.add('a', { id: 'again' });
    expect(await t.dispatch()).toEqual(['again']);
    for (const [id, priority] of Object.entries(waiting)) await t.add('a', { id, priority });
    await t.cell.run('again', { status: 'queued' });
    expect(await t.serve(9)).toEqual(['top', 'again', 'plain', 'next', 'low']);
  });
});

describe('permits', () => {
  it('are as many as live workers take, and at most the limit of the lane', async () => {
    await backlog('a', 20);
    expect(await t.dispatch()).toEqual([]);
    await t.scheduler.announce(t.lane, 'w1', 3);
    await t.scheduler.announce(t.lane, 'w2', 4);
    expect(await t.dispatch()).toHaveLength(7);
    await t.scheduler.setConfiguredLimits(t.lane, { max_running: 9 });
    await t.scheduler.announce(t.lane, 'w3', 50);
    expect(await t.dispatch()).toHaveLength(2);
    await t.scheduler.setLaneLimits(t.lane, { max_running: 10 });
    expect(await t.dispatch()).toHaveLength(1);
    await t.scheduler.setLaneLimits(t.lane, null);
    expect(await t.dispatch()).toHaveLength(0);
  });

  it('of a tenant are as many as it may have, over all lanes, and hold nobody else up', async () => {
    await backlog('capped', 5, { max_running: 2 });
    for (let job = 0; job < 5; job += 1) await t.add('capped', { lane: 'other' });
    await backlog('free', 5);
    for (const lane of [t.lane, 'other']) await t.scheduler.announce(lane, 'w', 20);
    const first = await t.dispatch();
    expect([share(first, 'capped'), share(first, 'free')]).toEqual([2, 5]);
    expect(await t.dispatch('other')).toEqual([]);
    const [capped = ''] = first.filter((id) => id.startsWith('capped'));
    const lanes = await t.end(capped);
    expect([...lanes].sort()).toEqual([t.lane, 'other']);
    expect(await t.dispatch('other')).toHaveLength(1);
    expect(await t.dispatch()).toEqual([]);
    await t.scheduler.setRunLimits('capped', { max_running: 4 });
    expect([...(await t.dispatch()), ...(await t.dispatch('other'))]).toHaveLength(2);
  });

  it('are freed by their own attempt only, and once', async () => {
    await backlog('a', 9);
    await t.scheduler.announce(t.lane, 'w', 1);
    const [jobId = ''] = await t.dispatch();
    const stalled = await t.cell.claim(jobId);
    const successor = await t.cell.claim(jobId);
    // A stalled worker wakes up and ends a job that another has claimed.
    expect(await t.cell.finish(stalled)).toEqual(['fenced', '2']);
    expect(await t.dispatch()).toEqual([]);
    for (let times = 0; times < 3; times += 1) await t.cell.finish(successor);
    expect(await t.dispatch()).toHaveLength(1);
    expect(await t.scheduler.counts(t.lane)).toMatchObject({ permits: 1 });
  });

  it('of followers count for their lane only: they call no provider', async () => {
    await t.add('a', { shared: 'same', sharedTtlMs: 0 }, { max_running: 1 });
    for (let job = 0; job < 3; job += 1) await t.add('a', { shared: 'same', sharedTtlMs: 0 });
    for (const lane of [t.lane, followersLane]) await t.scheduler.announce(lane, 'w', 9);
    expect(await t.dispatch(followersLane)).toHaveLength(3);
    expect(await t.dispatch()).toHaveLength(1);
    expect(await t.scheduler.counts(followersLane)).toEqual({ waiting: 0, delayed: 0, permits: 3 });
    expect(await t.cell.problems()).toEqual([]);
  });

  it('are not given out while the lane is paused', async () => {
    await backlog('a', 2);
    await t.scheduler.announce(t.lane, 'w', 1);
    await t.scheduler.setPaused(t.lane, true);
    expect(await t.dispatch()).toEqual([]);
    await t.scheduler.setPaused(t.lane, false);
    expect(await t.dispatch()).toHaveLength(1);
  });
});

describe('limits of a tenant', () => {
  it('that came at run time stay until a submit has seen newer ones', async () => {
    await t.scheduler.announce(t.lane, 'w', 9);
    await t.scheduler.setRunLimits('a', { max_running: 2 });
    for (let job = 0; job < 3; job += 1) await t.add('a', { runLimits: '1 1', areNewer: 0 });
    expect(await t.dispatch()).toHaveLength(2);
    await t.add('a', { runLimits: '3 1', areNewer: 1 });
    expect(await t.dispatch()).toHaveLength(1);
  });

  it('that let it run more are returned to the submit, with the lanes in which it may run', async () => {
    await t.scheduler.announce(t.lane, 'w', 9);
    for (let job = 0; job < 2; job += 1) await t.add('a', {}, { max_running: 1 });
    expect(await t.dispatch()).toHaveLength(1);
    expect(await t.dispatch()).toEqual([]);
    const { rest } = await t.cell.submit({ tenant: 'a', lane: 'other', runLimits: '2 1', areNewer: 1 });
    expect(rest.slice(3)).toEqual([t.lane]);
    expect(await t.dispatch()).toHaveLength(1);
  });
});

describe('jobs that may wait', () => {
  const waiting = (id: string, most: number, tenant = 'a') => t.cell.submit({ id, tenant, maxQueued: most });
  const kind = async (id: string, most: number) => (await waiting(id, most)).kind;

  it('are exactly as many as may run, for any caller, delayed ones included', async () => {
    await t.add('a');
    await t.add('a', { delayMs: 60_000 });
    const asked = await Promise.all(Array.from({ length: 60 }, (_, job) => kind(`job_${job}`, 20)));
    expect(asked.filter((one) => one === 'created')).toHaveLength(18);
    expect((await waiting('job_b', 1, 'b')).kind).toBe('created');
  });

  it('are found, not counted, when they are submitted again', async () => {
    expect(await kind('job_1', 1)).toBe('created');
    expect(await kind('job_1', 1)).toBe('found');
    expect(await kind('job_2', 1)).toBe('refused');
  });

  it('leave a place when one of them may run', async () => {
    expect([await kind('job_1', 1), await kind('job_2', 1)]).toEqual(['created', 'refused']);
    await t.scheduler.announce(t.lane, 'w', 1);
    expect(await t.dispatch()).toEqual(['job_1']);
    expect(await kind('job_2', 1)).toBe('created');
  });

  it('leave a place when one of them is cancelled, waiting or delayed', async () => {
    await t.add('a', { id: 'job_1' });
    expect(await kind('job_2', 1)).toBe('refused');
    await t.cell.cancel('job_1');
    await t.add('a', { id: 'job_2', delayMs: 60_000 });
    expect(await kind('job_3', 1)).toBe('refused');
    await t.cell.cancel('job_2');
    expect(await kind('job_3', 1)).toBe('created');
  });
});

describe('a worker', () => {
  it('that has announced itself serves its lane, until it takes no more or is silent', async () => {
    expect(await t.scheduler.isServed(t.lane)).toBe(false);
    await t.scheduler.announce(t.lane, 'w', 2);
    expect(await t.scheduler.isServed(t.lane)).toBe(true);
    await t.scheduler.announce(t.lane, 'w', 0);
    expect(await t.scheduler.isServed(t.lane)).toBe(false);
    await t.cell.redis.hset(t.cell.keys.sched('workers', t.lane), 'gone', `2 ${Date.now() - 11_000}`);
    expect(await t.scheduler.isServed(t.lane)).toBe(false);
  });
});
