import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openTestLane, silent, type TestLane, until } from '../../testing/queue.ts';
import { startMaintenance } from '../scheduler/maintenance.ts';

let t: TestLane;
beforeEach(async () => {
  t = await openTestLane();
});
afterEach(() => t.close());

const counts = () => t.queues.scheduler.counts(t.lane);
const has = (jobId: string, state: string) =>
  until(`${jobId} is ${state}`, async () => (await t.state(jobId)) === state);
const status = async (jobId: string) => (await t.cell.record(jobId)).status;

describe('a job that was submitted', () => {
  it('is handed over by its name, and nothing else, once a worker takes it', async () => {
    const release = await t.submit('job_plain', { priority: 5, request: '{"a":"secret prompt"}' });
    expect(await counts()).toEqual({ waiting: 1, delayed: 0, permits: 0 });
    await t.takes(1);
    await has('job_plain', 'waiting');
    expect((await t.entry('job_plain'))?.data).toEqual(release);
    expect(await counts()).toEqual({ waiting: 0, delayed: 0, permits: 1 });
  });

  it('makes one entry of the same release, and another of the next', async () => {
    const release = await t.submit('job_twice');
    await t.submit('job_twice');
    await t.takes(9);
    await has('job_twice', 'waiting');
    await Promise.all([1, 2, 3].map(() => t.queues.ready.add(t.lane, [release, release])));
    expect(await t.board.getWaitingCount()).toBe(1);
    expect(await t.queues.scheduler.handOverAgain(release)).toBe(t.lane);
    t.queues.dispatch(t.lane);
    const next = await t.release('job_twice');
    await until('the next is there', async () => (await t.state(next)) === 'waiting');
    expect(await t.board.getWaitingCount()).toBe(2);
    expect(await counts()).toEqual({ waiting: 0, delayed: 0, permits: 1 });
  });

  it('is held back for its delay', async () => {
    await t.takes(9);
    await t.submit('job_later', { delayMs: 60_000 });
    const began = performance.now();
    await t.submit('job_sooner', { delayMs: 300 });
    expect(await counts()).toEqual({ waiting: 0, delayed: 2, permits: 0 });
    await has('job_sooner', 'waiting');
    expect(performance.now() - began).toBeGreaterThanOrEqual(290);
    expect(await counts()).toEqual({ waiting: 0, delayed: 1, permits: 1 });
  });

  it('fails past its deadline, waiting or delayed, under any limits, and takes no permit', async () => {
    await t.submit('job_late', { deadlineMs: 100 });
    await t.submit('job_delayed', { deadlineMs: 100, delayMs: 60_000 });
    await t.submit('job_in_time', { deadlineMs: 60_000 });
    await until('both have failed', async () => {
      return (await status('job_late')) === 'failed' && (await status('job_delayed')) === 'failed';
    });
    expect(await counts()).toEqual({ waiting: 1, delayed: 0, permits: 0 });
    const { error = '' } = await t.redis.hgetall(t.cell.keys.job('job_late').details);
    expect(JSON.parse(error)).toMatchObject({ code: 'deadline_exceeded' });
  });
});

describe('limits of a tenant that have changed while its jobs wait', () => {
  it('reach them when a worker starts', async () => {
    t.limits.set('acme', { max_running: 2, weight: 3 });
    t.limits.set('other', { weight: 5 });
    await t.takes(9);
    await t.submit('job_a', { runLimits: '1 1' });
    await has('job_a', 'waiting');
    await t.submit('job_b', { runLimits: '1 1' });
    await t.submit('job_c', { tenant: 'other', delayMs: 60_000 });
    expect(await counts()).toMatchObject({ waiting: 1, permits: 1 });
    const stop = startMaintenance({ queues: t.queues, lanes: { [t.lane]: { limits: {} } }, logger: silent });
    try {
      await has('job_b', 'waiting');
      const stored = () => t.redis.hgetall(t.cell.keys.sched('limits'));
      await until('all are passed on', async () => (await stored()).other === '0 5');
      expect(await stored()).toEqual({ acme: '2 3', other: '0 5' });
    } finally {
      stop();
    }
  });

  it('are newer until this process has passed them on with a job', () => {
    expect(t.queues.areNewer('acme', { max_running: 1 })).toBe(true);
    expect(t.queues.areNewer('acme', { max_running: 1 })).toBe(true);
    t.queues.limitsStored('acme', { max_running: 1 });
    expect(t.queues.areNewer('acme', { max_running: 1, weight: 1 })).toBe(false);
    expect(t.queues.areNewer('acme', { max_running: 2 })).toBe(true);
    expect(t.queues.areNewer('other', { max_running: 1 })).toBe(true);
  });
});

describe('a job that is cancelled while it waits', () => {
  const cancel = async (jobId: string) => {
    const release = await t.release(jobId);
    const [, , lane = '', ...unblocked] = await t.cell.cancel(jobId);
    await t.queues.discard(lane, release, unblocked);
  };

  it('leaves the scheduler, waiting or delayed', async () => {
    await t.submit('job_out');
    await t.submit('job_later', { delayMs: 60_000 });
    await cancel('job_out');
    expect(await counts()).toEqual({ waiting: 0, delayed: 1, permits: 0 });
    await cancel('job_later');
    expect(await counts()).toEqual({ waiting: 0, delayed: 0, permits: 0 });
  });

  it('leaves BullMQ, and gives its permit to the next', async () => {
    await t.takes(1);
    await t.submit('job_a');
    await has('job_a', 'waiting');
    await t.submit('job_b');
    await cancel('job_a');
    await has('job_b', 'waiting');
    expect(await t.state('job_a')).toBe('unknown');
  });

  it('lets its tenant run in the lanes where it waited for the permit', async () => {
    await t.takes(9);
    await t.takes(9, 'other');
    await t.submit('job_a', { runLimits: '1 1' });
    await has('job_a', 'waiting');
    const there = await t.submit('job_b', { runLimits: '1 1', lane: 'other' });
    const { ready, scheduler } = t.queues;
    await until('it is blocked', async () => (await scheduler.counts('other')).waiting === 1);
    await cancel('job_a');
    await until('it is handed over', async () => (await ready.stateOf('other', there)) === 'held');
  });
});

describe('BullMQ', () => {
  it('takes out only the named releases, and ignores those that don’t exist', async () => {
    await t.takes(9);
    const release = await t.submit('job_a');
    await has('job_a', 'waiting');
    await t.queues.ready.remove(t.lane, { ...release, release: release.release + 1 });
    expect(await t.state('job_a')).toBe('waiting');
    await t.queues.ready.remove(t.lane, release);
    expect(await t.state('job_a')).toBe('unknown');
    await expect(t.queues.ready.remove(t.lane, { jobId: 'job_never', release: 1 })).resolves.toBeUndefined();
  });

  it('returns what is held, ended or missing, and leaves what is active alone', async () => {
    const { promise: held, resolve: finish } = Promise.withResolvers<void>();
    const worker = await t.work(async ({ jobId }) => {
      if (jobId === 'job_active') await held;
      return { kind: 'completed' };
    });
    const completed = await t.submit('job_completed');
    await has('job_completed', 'completed');
    const active = await t.submit('job_active');
    await has('job_active', 'active');
    const delayed = await t.submit('job_delayed', { delayMs: 60_000 });
    const waiting = { jobId: 'job_waiting', release: 1 };
    await t.queues.ready.add(t.lane, [waiting]);

    const stateOf = (release = completed, lane = t.lane) => t.queues.ready.stateOf(lane, release);
    expect(await Promise.all([completed, active, waiting, delayed].map((one) => stateOf(one)))).toEqual([
      'ended',
      'held',
      'held',
      'missing',
    ]);
    expect(await stateOf({ ...waiting, release: 2 })).toBe('missing');
    expect(await stateOf(waiting, 'other')).toBe('missing');

    await t.queues.ready.remove(t.lane, waiting);
    await t.queues.ready.remove(t.lane, active).catch(() => undefined);
    expect(await t.state('job_active')).toBe('active');
    finish();
    await has('job_active', 'completed');
    await worker.drain();
  });
});
