import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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

const events = async (id: string) => (await t.log(id)).match(/(?<=^event: ).*$/gm);

describe('cancel', () => {
  it('ends a queued job, waiting, delayed or with a permit, and takes it out of the scheduler', async () => {
    await t.announce(1);
    const holder = await t.create();
    expect((await t.dispatch()).released).toHaveLength(1);
    for (const id of [holder, await t.create(), await t.create({ delayMs: 60_000, deadlineMs: 90_000 })]) {
      const { release } = await t.record(id);
      expect(await t.cancel(id)).toEqual(['cancelled', release, 'default']);
      expect(await events(id)).toEqual(['job.accepted', 'job.cancelled']);
      expect(await t.record(id)).toMatchObject({ status: 'cancelled', seq: '2' });
    }
    expect(await t.redis.hgetall(t.keys.sched('lanes'))).toEqual({});
    expect(await t.redis.zcard(t.keys.sched('deadlines', 'default'))).toBe(0);
    expect(await t.problems()).toEqual([]);
  });

  it('settles what a queued job has spent, and what its open calls may cost', async () => {
    const id = await t.create({ tenant: 'open', estimate: 500 });
    await t.run(id, { status: 'queued', changes: { record: { spent: 100, open_cost: 60 } } });
    await t.cancel(id);
    expect(await t.tenant('open')).toMatchObject({ reserved: '0', day_usd: '160' });
    expect(await t.today('open')).toMatchObject({ jobs: '1', usd: '160' });
  });

  it('asks the worker that runs the job, on the control channel and in its record', async () => {
    const attempt = await t.claim(await t.create());
    const subscriber = t.redis.duplicate();
    const published: string[] = [];
    subscriber.on('message', (_channel, id: string) => published.push(id));
    await subscriber.subscribe(t.keys.control);
    expect(await t.cancel(attempt.id)).toEqual(['requested']);
    const { cancel_requested_at } = await t.record(attempt.id);
    expect(await t.cancel(attempt.id)).toEqual(['requested']);
    expect(await t.record(attempt.id)).toMatchObject({ status: 'running', cancel_requested_at });
    await subscriber.unsubscribe();
    subscriber.disconnect();
    expect(published).toEqual([attempt.id, attempt.id]);
    await t.finish(attempt, { status: 'cancelled' });
  });

  it('changes nothing of a job that has ended or does not exist (S8)', async () => {
    const id = await t.create();
    await t.run(id);
    const [record, spend] = [await t.record(id), await t.today()];
    expect(await t.cancel(id)).toEqual(['ended']);
    expect([await t.record(id), await t.today()]).toEqual([record, spend]);
    expect(await t.cancel('job_never')).toEqual(['missing']);
  });

  it('names the lanes in which the tenant may run again', async () => {
    const capped = { tenant: 'capped', runLimits: '1 1' };
    for (const lane of ['x', 'y']) await t.announce(9, lane);
    const id = await t.create({ ...capped, lane: 'x' });
    await t.dispatch('x');
    await t.create({ ...capped, lane: 'y' });
    await t.dispatch('y');
    expect((await t.cancel(id)).slice(2)).toEqual(['x', 'y']);
  });
});

describe('what may still run at a provider', () => {
  const call = (response: string | null) =>
    JSON.stringify({ provider: 'main', response: response && { id: response, cursor: 1 } });

  it('is left over by a job that is cancelled while it waits, its answered calls not', async () => {
    const id = await t.create({ lane: 'left' });
    const calls = {
      'call:a': call('resp_1'),
      'call:b': call(null),
      'answer:c': call('resp_2'),
      'call:d': call('resp_3'),
    };
    await t.run(id, { status: 'queued', changes: { calls } });
    await t.cancel(id);
    const claimed = (await scripts.claimLeftovers.run(t.cell, [9])) as string[];
    const left = claimed.map((entry) => JSON.parse(entry) as { lane: string; since: string; call: string });
    expect(left.map(({ lane }) => lane)).toEqual(['left', 'left']);
    expect(left.map((entry) => entry.call).sort()).toEqual([call('resp_1'), call('resp_3')]);
    expect(left.every(({ since }) => Math.abs(Number(since) - Date.now()) < 5_000)).toBe(true);
  });

  it('is given to one at a time, and again after a while until it is dropped', async () => {
    const { leftover } = t.keys;
    expect(await scripts.claimLeftovers.run(t.cell, [9])).toEqual([]);
    const entries = await t.redis.zrange(leftover, '0', '-1');
    const [first = ''] = entries;
    for (const entry of entries) await t.redis.zadd(leftover, 1, entry);
    expect(await scripts.claimLeftovers.run(t.cell, [1])).toEqual([first]);
    expect(Number(await t.redis.zscore(leftover, first))).toBeGreaterThan(Date.now() + 20_000);
    await t.redis.zrem(leftover, first);
    expect(await scripts.claimLeftovers.run(t.cell, [9])).toEqual(entries.slice(1));
  });
});
