import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type OpenCell, openTestCell } from '../../../testing/cell.ts';
import { scripts } from '../index.ts';
import { claimedFields } from './claim.ts';

let t: OpenCell;
beforeAll(async () => {
  t = await openTestCell();
});
afterAll(async () => {
  expect(await t.problems()).toEqual([]);
  await t.close();
});

const claim = async (id: string, token: string, release?: string) =>
  (await scripts.claim.run(t.cell, [id, release ?? (await t.record(id)).release ?? '', token])) as string[];
const permits = (lane: string) => t.redis.zrange(t.keys.sched('permits', lane), '0', '-1');

describe('claim', () => {
  it('raises the attempt, and counts a crash where the job was found running', async () => {
    const id = await t.create();
    expect((await claim(id, 'one'))[0]).toBe('claimed');
    expect(await t.record(id)).toMatchObject({ status: 'running', attempt: '1', token: 'one' });
    expect(await t.record(id)).not.toHaveProperty('crashes');
    await claim(id, 'two');
    expect(await t.record(id)).toMatchObject({ attempt: '2', token: 'two', crashes: '1' });
    await claim(id, 'three');
    expect(await t.record(id)).toMatchObject({ attempt: '3', crashes: '2' });
  });

  it('that is sent again, because its reply was lost, is the same attempt', async () => {
    const id = await t.create();
    const first = await claim(id, 'one');
    const again = await claim(id, 'one');
    expect([again[0], again[2]]).toEqual([first[0], first[2]]);
    expect((await t.record(id)).attempt).toBe('1');
  });

  it('is void for an older release, an ended job and an unknown one', async () => {
    const id = await t.create();
    const { release = '' } = await t.record(id);
    await scripts.handOverAgain.run(t.cell, [id, release, '', '']);
    const next = (await t.record(id)).release ?? '';
    expect(await claim(id, 'one', release)).toEqual(['stale', next]);
    await t.cancel(id);
    expect(await claim(id, 'one', next)).toEqual(['ended', 'cancelled']);
    expect(await claim('job_never', 'one', '1')).toEqual(['missing']);
  });

  it('begins a job once, and ends its wait for a retry', async () => {
    const id = await t.create();
    await t.run(id, { status: 'queued', delayMs: 60_000 });
    const { started_at, retry_at } = await t.record(id);
    expect([started_at, retry_at]).toEqual([expect.any(String), expect.any(String)]);
    await claim(id, 'two');
    expect((await t.record(id)).started_at).toBe(started_at);
    expect(await t.record(id)).not.toHaveProperty('retry_at');
  });
});

describe('what a worker gets for its log', () => {
  const waited = async (id: string, token: string) => (await claim(id, token))[4];

  it('is how long the job has waited since it was due: none of the time before that', async () => {
    const [now, delayed] = [await t.create(), await t.create({ delayMs: 60_000 })];
    expect(Number(await waited(now, 'one'))).toBeGreaterThanOrEqual(0);
    // One that would be claimed a minute too early has waited for less than nothing.
    expect(Number(await waited(delayed, 'one'))).toBeLessThan(0);
    const retried = await t.create();
    await t.run(retried, { status: 'queued', delayMs: 60_000 });
    expect(Number(await waited(retried, 'two'))).toBeLessThan(0);
  });

  it('is an unknown time, where its worker has vanished or it runs again after its end', async () => {
    const crashed = await t.create();
    await claim(crashed, 'one');
    expect(await waited(crashed, 'two')).toBe('');
    const again = await t.create();
    await t.run(again, { status: 'failed' });
    await t.retry(again);
    expect(await waited(again, 'two')).toBe('');
  });

  it('is the request that submitted it, where that is known', async () => {
    const at = claimedFields.indexOf('request_id');
    const [known, unknown] = [await t.create({ requestId: 'req_1' }), await t.create()];
    expect((await claim(known, 'one'))[3]?.[at]).toBe('req_1');
    expect((await claim(unknown, 'one'))[3]?.[at]).toBe('');
    expect(await t.record(unknown)).not.toHaveProperty('request_id');
  });
});

describe('the permit of a job that is claimed', () => {
  it('is the one that it was dispatched with', async () => {
    await t.announce(1, 'held');
    const id = await t.create({ lane: 'held' });
    const { released } = await t.dispatch('held');
    await claim(id, 'one');
    expect(await permits('held')).toEqual(released);
    expect(await t.redis.hget(t.keys.sched('running'), 'acme')).not.toBe('2');
  });

  it('is granted again where the scheduler’s keys are lost, or have a new place for it', async () => {
    const [lost, placed] = [await t.create({ lane: 'lost' }), await t.create({ lane: 'lost', delayMs: 60_000 })];
    await t.loseScheduler();
    await scripts.repair.run(t.cell, ['', '', 50]);
    await t.redis.del(...(await t.redis.keys(`${t.keys.base}sched:*:lost*`)));
    await t.redis.hdel(t.keys.sched('lanes'), 'lost');
    await t.redis.hincrby(t.keys.sched('waiting'), 'acme', -2);
    const { released } = await t.dispatch('lost');
    expect(released).toEqual([]);
    for (const id of [lost, placed]) await claim(id, 'one');
    const names = await Promise.all([lost, placed].map(async (id) => `${id}.${(await t.record(id)).release}`));
    expect((await permits('lost')).sort()).toEqual(names.sort());
    expect(await t.problems()).toEqual([]);
    await t.run(lost);
    expect(await permits('lost')).toHaveLength(1);
  });

  it('is taken from its place among the waiting', async () => {
    const id = await t.create({ lane: 'early' });
    await claim(id, 'one');
    expect(await t.redis.zcard(t.keys.sched('backlog', 'early:acme'))).toBe(0);
    expect(await t.problems()).toEqual([]);
  });
});
