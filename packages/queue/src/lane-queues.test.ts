import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startFeeding } from './feeding.ts';
import { openTestLane, silent, type TestLane, until } from './test-queue.ts';

let t: TestLane;
beforeEach(async () => {
  t = await openTestLane();
});
afterEach(() => t.close());

const counts = () => t.queues.feed.counts(t.lane);
const has = (jobId: string, state: string) =>
  until(`${jobId} is ${state}`, async () => (await t.state(jobId)) === state);

describe('enqueue', () => {
  it('hands over which job to run, and nothing else, once a worker takes it', async () => {
    await t.enqueue('job_plain', { release: 3, priority: 5 });
    expect(await counts()).toEqual({ waiting: 1, delayed: 0, slots: 0 });
    await t.takes(1);
    await until('BullMQ has it', async () => (await t.state('job_plain', 3)) === 'waiting');
    expect((await t.entry('job_plain', 3))?.data).toEqual({ jobId: 'job_plain', release: 3 });
    expect(await counts()).toEqual({ waiting: 0, delayed: 0, slots: 1 });
  });

  it('makes one entry of the same release, and another of the next', async () => {
    await Promise.all([t.enqueue('job_twice'), t.enqueue('job_twice'), t.enqueue('job_twice')]);
    await t.enqueue('job_twice', { release: 2 });
    expect(await counts()).toMatchObject({ waiting: 2 });
    await t.takes(9);
    await has('job_twice', 'waiting');
    await t.enqueue('job_twice');
    expect(await counts()).toEqual({ waiting: 0, delayed: 0, slots: 2 });
  });

  it('holds a release back for its delay', async () => {
    await t.takes(9);
    await t.enqueue('job_later', { delayMs: 60_000 });
    const began = performance.now();
    await t.enqueue('job_sooner', { delayMs: 300 });
    expect(await counts()).toEqual({ waiting: 0, delayed: 2, slots: 0 });
    await has('job_sooner', 'waiting');
    expect(performance.now() - began).toBeGreaterThanOrEqual(299);
    expect(await counts()).toEqual({ waiting: 0, delayed: 1, slots: 1 });
  });

  it('gives a worker what waits past its deadline, whatever the limits are', async () => {
    await t.enqueue('job_late', { deadlineInMs: 100 });
    await t.enqueue('job_delayed', { deadlineInMs: 100, delayMs: 60_000 });
    await t.enqueue('job_in_time', { deadlineInMs: 60_000 });
    await until('both are told of', () => t.expired.length === 2);
    expect(t.expired.map(({ jobId }) => jobId).sort()).toEqual(['job_delayed', 'job_late']);
    expect(await counts()).toEqual({ waiting: 1, delayed: 0, slots: 2 });
    for (const release of t.expired) await t.queues.finish(t.lane, release, { kind: 'cancelled' });
    expect(await counts()).toEqual({ waiting: 1, delayed: 0, slots: 0 });
  });
});

describe('limits of a tenant that have changed while its jobs wait', () => {
  it('reach them when a worker starts', async () => {
    t.limits.set('acme', { max_running: 1, weight: 1 });
    await t.takes(9);
    await t.enqueue('job_a');
    await has('job_a', 'waiting');
    await t.enqueue('job_b');
    await t.enqueue('job_c', { tenant: 'other', delayMs: 60_000 });
    t.limits.set('acme', { max_running: 2, weight: 3 });
    t.limits.set('other', { weight: 5 });
    const stop = startFeeding({ queues: t.queues, lanes: { [t.lane]: { limits: {} } }, logger: silent });
    try {
      await has('job_b', 'waiting');
      const stored = () => t.redis.hgetall(`{${t.prefix}-queue}::tenants`);
      await until('all are passed on', async () => (await stored()).other === '0 5');
      expect(await stored()).toEqual({ acme: '2 3', other: '0 5' });
    } finally {
      stop();
    }
  });
});

describe('remove', () => {
  it('takes out what waits, and only that release', async () => {
    await t.enqueue('job_out');
    await t.enqueue('job_out', { release: 2, delayMs: 60_000 });
    await t.queues.remove(t.release('job_out'));
    expect(await counts()).toEqual({ waiting: 0, delayed: 1, slots: 0 });
    await t.queues.remove(t.release('job_out', { release: 2 }));
    expect(await counts()).toEqual({ waiting: 0, delayed: 0, slots: 0 });
  });

  it('takes out what BullMQ has waiting, and gives its slot to the next', async () => {
    await t.takes(1);
    await t.enqueue('job_a');
    await has('job_a', 'waiting');
    await t.enqueue('job_b');
    await t.queues.remove(t.release('job_a'));
    await has('job_b', 'waiting');
    expect(await t.state('job_a')).toBe('unknown');
  });

  it('has no effect on what is not there', async () => {
    await expect(t.queues.remove(t.release('job_never'))).resolves.toBeUndefined();
  });
});

describe('unknown', () => {
  it('names what is neither waiting, delayed nor active, and leaves the active one alone', async () => {
    let finish: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const worker = await t.work(async ({ jobId }) => {
      if (jobId === 'job_active') await held;
      return { kind: 'completed' };
    });
    await t.enqueue('job_completed');
    await has('job_completed', 'completed');
    await t.enqueue('job_active');
    await has('job_active', 'active');
    await t.enqueue('job_waiting');
    await t.enqueue('job_delayed', { delayMs: 60_000 });

    const names = ['job_completed', 'job_active', 'job_waiting', 'job_delayed', 'job_missing'];
    const unknown = await t.queues.unknown(names.map((name) => t.release(name)));
    expect([...unknown].sort()).toEqual(['job_completed', 'job_missing']);
    expect(await t.queues.unknown([t.release('job_waiting', { release: 2 })])).toEqual(new Set(['job_waiting']));
    expect(await t.queues.unknown([t.release('job_waiting', { lane: 'other' })])).toEqual(new Set(['job_waiting']));
    expect(await t.queues.unknown([])).toEqual(new Set());

    await t.queues.remove(t.release('job_active'));
    expect(await t.state('job_active')).toBe('active');
    finish();
    await has('job_waiting', 'completed');
    await worker.drain();
  });

  it('gives what BullMQ holds its slot back after the feed lost its keys', async () => {
    await t.takes(2);
    await t.enqueue('job_a');
    await has('job_a', 'waiting');
    await t.enqueue('job_b', { delayMs: 60_000 });
    const keys = await t.redis.keys(`{${t.prefix}-queue}::*`);
    await t.redis.del(...keys);
    expect(await t.queues.unknown([t.release('job_a'), t.release('job_b')])).toEqual(new Set(['job_b']));
    expect(await counts()).toEqual({ waiting: 0, delayed: 0, slots: 1 });
  });

  it('names what is in the index only', async () => {
    await t.enqueue('job_a');
    await t.redis.del(`{${t.prefix}-queue}::backlog:${t.lane}:acme`);
    expect(await t.queues.unknown([t.release('job_a')])).toEqual(new Set(['job_a']));
    await t.enqueue('job_a');
    expect(await t.queues.unknown([t.release('job_a')])).toEqual(new Set());
  });
});
