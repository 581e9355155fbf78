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

const permits = async (lane = 'default') => t.redis.zrange(t.keys.sched('permits', lane), '0', '-1');
const releaseOf = async (id: string) => (await t.record(id)).release ?? '';
interface Change {
  release?: string;
  attempt?: number;
  lane?: string;
  handedBack?: boolean;
}

const handOverAgain = async (id: string, change: Change = {}) =>
  scripts.handOverAgain.run(t.cell, [
    id,
    change.release ?? (await releaseOf(id)),
    change.attempt ?? '',
    change.lane ?? '',
    change.handedBack ? 1 : '',
  ]);

describe('permits that are to be checked', () => {
  const check = async (againMs = 5_000, most = 9) =>
    (await scripts.permitsToCheck.run(t.cell, ['default', againMs, most])) as string[];
  const makeDue = async () => {
    for (const name of await permits()) await t.redis.zadd(t.keys.sched('permits', 'default'), 1, name);
  };

  it('come when it is time, so many at once, and again after a while', async () => {
    await t.announce(3);
    for (let job = 0; job < 3; job += 1) await t.create();
    const { released } = await t.dispatch();
    expect(await check()).toEqual([]);
    await makeDue();
    expect(await check(5_000, 2)).toHaveLength(2);
    expect(await check(5_000, 2)).toHaveLength(1);
    expect(await check()).toEqual([]);
    expect(await permits()).toHaveLength(released.length);
  });

  it('are freed at once where the job has ended, was deleted, or has a later release', async () => {
    await t.announce(9);
    const [ended = '', gone = '', later = '', open = ''] = [
      await t.create(),
      await t.create(),
      await t.create(),
      await t.create(),
    ];
    await t.dispatch();
    await t.redis.hset(t.keys.job(ended).record, 'status', 'completed');
    await t.redis.del(t.keys.job(gone).record);
    await t.redis.hset(t.keys.job(later).record, 'release', 99);
    await makeDue();
    expect(await check()).toEqual([`${open}.${await releaseOf(open)}`]);
    expect(await permits()).toHaveLength(1);
    expect(await t.redis.hgetall(t.keys.sched('lanes'))).toEqual({ default: '1' });
    // The tenant of the one that is gone is not known: its count stays, until the keys are rebuilt.
    for (const id of [ended, gone]) await t.redis.zrem(t.keys.open, id);
    await t.redis.hset(t.keys.sched('running'), 'acme', 1);
    await t.redis.hset(t.keys.job(later).record, 'release', 3);
    await scripts.repair.run(t.cell, ['', '', 50]);
  });
});

describe('handing a job over again', () => {
  it('gives it a new release, before those that have yet to begin, and voids the old one', async () => {
    await t.announce(1);
    const id = await t.create();
    await t.dispatch();
    const old = await releaseOf(id);
    const other = await t.create();
    expect(await handOverAgain(id)).toBe('default');
    expect(Number(await releaseOf(id))).toBeGreaterThan(Number(old));
    expect(await permits()).toEqual([]);
    expect(await scripts.claim.run(t.cell, [id, old, 'one'])).toEqual(['stale', await releaseOf(id)]);
    expect((await t.dispatch()).released).toEqual([`${id}.${await releaseOf(id)}`]);
    expect(await t.record(other)).toMatchObject({ status: 'queued' });
  });

  it('does nothing for another release, an attempt that has begun since, or a job that has ended', async () => {
    const id = await t.create();
    const release = await releaseOf(id);
    expect(await handOverAgain(id, { release: '99' })).toBeNull();
    const attempt = await t.claim(id);
    expect(await handOverAgain(id, { attempt: 0 })).toBeNull();
    expect(await releaseOf(id)).toBe(release);
    expect(await handOverAgain(id, { attempt: 1 })).toBe('default');
    await t.claim(id);
    expect((await t.append(attempt))[0]).toBe('fenced');
    await t.cancel(id);
    await t.finish({ ...attempt, attempt: 2, token: (await t.record(id)).token ?? '' }, { status: 'cancelled' });
    expect(await handOverAgain(id)).toBeNull();
    expect(await handOverAgain('job_never', { release: '1' })).toBeNull();
  });

  it('counts no crash where its own worker hands it back, whose writes are refused from then on', async () => {
    const [handedBack, lost] = [await t.create(), await t.create()];
    const attempt = await t.claim(handedBack);
    await t.claim(lost);
    expect(await handOverAgain(handedBack, { handedBack: true })).toBe('default');
    expect(await handOverAgain(lost)).toBe('default');
    expect(await t.record(handedBack)).toMatchObject({ status: 'queued', attempt: '1' });
    expect(await t.append(attempt)).toEqual(['ended', 'queued']);
    for (const id of [handedBack, lost]) await t.claim(id);
    expect(await t.record(handedBack)).toMatchObject({ status: 'running', attempt: '2' });
    expect(await t.record(handedBack)).not.toHaveProperty('crashes');
    expect(await t.record(lost)).toMatchObject({ attempt: '2', crashes: '1' });
  });

  it('moves it to another lane, with its deadline, its reservation and its place in the budget', async () => {
    const id = await t.create({ lane: 'old', deadlineMs: 90_000, estimate: 5 });
    const deadline = await t.redis.zscore(t.keys.sched('deadlines', 'old'), id);
    expect(await handOverAgain(id, { attempt: 0, lane: 'new' })).toBe('new');
    expect(await t.record(id)).toMatchObject({ lane: 'new', reserved: '5' });
    expect(await t.redis.zscore(t.keys.sched('deadlines', 'new'), id)).toBe(deadline);
    expect(await t.redis.hgetall(t.keys.sched('lanes'))).toEqual({ new: '1' });
    expect(await t.redis.zcard(t.keys.sched('deadlines', 'old'))).toBe(0);
  });

  it('of a follower keeps it among the followers', async () => {
    await t.create({ shared: 'one', sharedTtlMs: 0 });
    const id = await t.create({ shared: 'one', sharedTtlMs: 0 });
    expect(await handOverAgain(id, { lane: 'new' })).toBe('~followers');
    expect(await t.record(id)).toMatchObject({ lane: 'new', queue: '~followers' });
  });
});
