import type { ReleaseName } from '@holdfast/core';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openTestLane, silent, type TestLane, until } from '../../testing/queue.ts';
import { maintain } from './maintenance.ts';

let t: TestLane;
beforeEach(async () => {
  t = await openTestLane();
});
afterEach(() => t.close());

const lock = () => t.cell.keys.lock('maintenance');
const counts = () => t.queues.scheduler.counts(t.lane);
const isWaiting = (job: string | ReleaseName) => async () => (await t.state(job)) === 'waiting';

/** One round, as if nobody had made one, in which every permit is checked. Its lines in the log. */
async function maintainAll(): Promise<object[]> {
  const permits = t.cell.keys.sched('permits', t.lane);
  for (const id of await t.redis.zrange(permits, '0', '-1')) await t.redis.zadd(permits, 1, id);
  await t.redis.del(lock());
  const lines: object[] = [];
  await maintain(t.queues, { ...silent, warn: (fields) => void lines.push(fields) });
  return lines;
}

describe('maintenance', () => {
  it('hands over what a crash between dispatch and hand-over left behind', async () => {
    await t.queues.scheduler.announce(t.lane, 'w', 1);
    await t.cell.create({ id: 'job_a', lane: t.lane });
    const { released } = await t.queues.scheduler.dispatch(t.lane);
    expect(released).toEqual([await t.release('job_a')]);
    const [release = { jobId: '', release: 0 }] = released;
    // The process dies here. Nothing is done before the permit is to be checked.
    await maintain(t.queues, silent);
    expect(await t.state(release)).toBe('unknown');
    expect(await maintainAll()).toEqual([{ lane: t.lane, jobs: ['job_a'] }]);
    expect(await t.state(release)).toBe('waiting');
    expect(await maintainAll()).toEqual([]);
    expect(await t.board.getWaitingCount()).toBe(1);
  });

  it('gives a new release to a job that BullMQ has ended by mistake', async () => {
    let runs = 0;
    await t.work(() => ({ kind: ++runs === 1 ? 'lost' : 'completed' }));
    const first = await t.submit('job_a');
    await until('it was lost', async () => (await t.state(first)) === 'completed');
    expect(await counts()).toMatchObject({ permits: 1 });
    await t.submit('job_b');
    expect(await counts()).toMatchObject({ waiting: 1, permits: 1 });
    expect(await maintainAll()).toEqual([{ lane: t.lane, jobs: ['job_a'] }]);
    await until('all have run', () => runs === 3);
    await until('all have ended', async () => (await t.queues.scheduler.placement()).open === 0);
    expect(await t.cell.record('job_a')).toMatchObject({ status: 'completed' });
    expect((await t.cell.record('job_a')).release).not.toBe(String(first.release));
  });

  it('frees permits of jobs that have ended, or were deleted', async () => {
    await t.takes(9);
    for (const id of ['job_a', 'job_b', 'job_c']) await t.submit(id);
    await until('all have permits', async () => (await counts()).permits === 3);
    await t.redis.hset(t.cell.keys.job('job_a').record, 'status', 'completed');
    await t.redis.del(t.cell.keys.job('job_b').record);
    await maintainAll();
    expect(await counts()).toMatchObject({ permits: 1 });
  });

  it('is done by one process at a time', async () => {
    await t.redis.set(lock(), '1', 'PX', 60_000);
    await t.takes(1);
    await t.submit('job_a');
    await until('it has a permit', async () => (await counts()).permits === 1);
    await t.cell.loseScheduler();
    await maintain(t.queues, silent);
    expect(await t.queues.scheduler.placement()).toMatchObject({ open: 1, placed: 0 });
  });

  it('places all jobs again, each once, after the scheduler’s keys and BullMQ’s were lost', async () => {
    await t.takes(2);
    const running = await t.submit('job_running');
    await until('it is handed over', isWaiting(running));
    await t.cell.claim('job_running');
    await t.submit('job_waiting');
    await t.submit('job_delayed', { delayMs: 60_000 });
    for (let job = 0; job < 120; job += 1) await t.cell.create({ id: `job_${job}`, lane: t.lane });
    await t.cell.loseScheduler();
    await t.redis.del(await t.redis.keys(`${t.cell.keys.bull}:*`));
    expect(await maintainAll()).toEqual([{ dropped: 0, placed: 123 }]);
    expect(await counts()).toEqual({ waiting: 122, delayed: 1, permits: 0 });
    expect(await t.cell.problems()).toEqual([]);
    await t.takes(2);
    await until('two have permits again', async () => (await counts()).permits === 2);
    expect(await maintainAll()).toEqual([]);
    expect(await t.queues.scheduler.placement()).toMatchObject({ open: 123, placed: 123 });
  });

  it('gives what BullMQ still holds its permit back, under the same release', async () => {
    await t.takes(2);
    const release = await t.submit('job_a');
    await until('it is handed over', isWaiting(release));
    await t.submit('job_b', { delayMs: 60_000 });
    await t.cell.loseScheduler();
    await maintainAll();
    await t.takes(2);
    await until('it has a permit', async () => (await counts()).permits === 1);
    expect(await counts()).toEqual({ waiting: 0, delayed: 1, permits: 1 });
    expect(await t.release('job_a')).toEqual(release);
    expect(await t.board.getWaitingCount()).toBe(1);
  });

  it('lists all jobs, where an older version has created some', async () => {
    for (const id of ['job_a', 'job_b']) await t.submit(id);
    await t.cell.cancel('job_b');
    await t.redis.del(t.cell.keys.jobs);
    await maintainAll();
    expect(await t.redis.zrange(t.cell.keys.jobs, '0', '-1')).toEqual(['job_a', 'job_b']);
    // While processes of that version run, it is not done all the time.
    await t.redis.del(t.cell.keys.jobs);
    await maintainAll();
    expect(await t.redis.exists(t.cell.keys.jobs)).toBe(0);
  });

  it('takes jobs whose time is over off their tenants’ lists', async () => {
    for (const id of ['job_a', 'job_b']) await t.cell.create({ id });
    await t.cell.cancel('job_a');
    await t.redis.del(t.cell.keys.job('job_a').record);
    const [entry = ''] = await t.redis.zrange(`${t.cell.keys.base}expiring`, '0', '-1');
    await t.redis.zadd(`${t.cell.keys.base}expiring`, 1, entry);
    await maintainAll();
    expect(await t.redis.zrange(t.cell.keys.tenantJobs('acme'), '0', '-1')).toEqual(['job_b']);
  });
});
