import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openTestLane, type TestLane, until } from '../../testing/queue.ts';
import { BullQueues } from '../bullmq/bull-queues.ts';
import { LaneDepths } from './lane-depths.ts';

let t: TestLane;
let bull: BullQueues;
beforeEach(async () => {
  t = await openTestLane();
  bull = new BullQueues(t.cell.cell, () => undefined);
});
afterEach(async () => {
  await bull.close();
  await t.close();
});

/** As a process that has not read before. */
const depth = async () => {
  const [read] = await new LaneDepths({ cells: [{ cell: t.cell.cell, bull }], lanes: [t.lane] }).read();
  if (!read) throw new Error('no lane was read');
  return read;
};

/** As if a job had been created so much earlier. */
async function age(jobId: string, seconds: number): Promise<void> {
  await t.redis.hincrby(t.cell.keys.job(jobId).record, 'created_at', -seconds * 1_000);
}

describe('the depth of a lane', () => {
  it('is nothing where nothing waits', async () => {
    expect(await depth()).toEqual({
      lane: 'default',
      waitingJobs: 0,
      delayedJobs: 0,
      runningJobs: 0,
      waitingTokens: 0,
      oldestWaitS: 0,
    });
  });

  it('counts jobs that wait, with their tokens, and jobs that are delayed, which wait for nobody', async () => {
    for (const id of ['job_a', 'job_b', 'job_c']) await t.submit(id, { tokens: 100 });
    await t.submit('job_d', { tokens: 5_000, delayMs: 60_000 });
    await age('job_b', 30);
    const { oldestWaitS, ...counts } = await depth();
    expect(counts).toEqual({ lane: 'default', waitingJobs: 3, delayedJobs: 1, runningJobs: 0, waitingTokens: 300 });
    expect(oldestWaitS).toBeGreaterThanOrEqual(30);
    expect(oldestWaitS).toBeLessThan(60);
  });

  it('takes jobs that a worker has as running, and those that wait in BullMQ as waiting', async () => {
    // More than are taken: as if other workers had announced themselves and died.
    await t.takes(3);
    await t.submit('job_a', { tokens: 10 });
    await age('job_a', 40);
    await until('it is handed over', async () => (await t.state('job_a')) === 'waiting');
    expect(await depth()).toMatchObject({ waitingJobs: 1, runningJobs: 0, waitingTokens: 10 });
    expect((await depth()).oldestWaitS).toBeGreaterThanOrEqual(40);
    const over = Promise.withResolvers<void>();
    await t.work(async () => {
      await over.promise;
      return { kind: 'completed' };
    });
    await until('it runs', async () => (await t.state('job_a')) === 'active');
    const running = await depth();
    over.resolve();
    expect(running).toMatchObject({ waitingJobs: 0, runningJobs: 1, waitingTokens: 0 });
  });

  it('finds the oldest behind jobs of a higher class, and weights tenants by what they have waiting', async () => {
    for (let at = 0; at < 9; at += 1) await t.submit(`job_many_${at}`, { tenant: 'many', tokens: 10 });
    await t.submit('job_few', { tenant: 'few', tokens: 1_000, priority: 0 });
    await t.submit('job_low', { tenant: 'many', tokens: 10, priority: 0 });
    await t.submit('job_first', { tenant: 'few', tokens: 1_000, priority: 50 });
    await age('job_low', 100);
    const { waitingTokens, oldestWaitS } = await depth();
    expect(waitingTokens).toBe(10 * 10 + 2 * 1_000);
    expect(oldestWaitS).toBeGreaterThanOrEqual(100);
  });

  it('is read once in two seconds, whoever asks', async () => {
    const depths = new LaneDepths({ cells: [{ cell: t.cell.cell, bull }], lanes: [t.lane] });
    const [first, second] = await Promise.all([depths.read(), depths.read()]);
    expect(second).toBe(first);
    await t.submit('job_a');
    expect(await depths.read()).toBe(first);
  });
});

describe('a job that a dispatch fails past its deadline', () => {
  it('is told of once, with its tenant, lane and task', async () => {
    // Without the dispatch that follows a submit: it might be told of it instead.
    await t.cell.submit({ id: 'job_late', lane: t.lane, deadlineMs: 60_000, tenant: 'late', task: 'chat.completions' });
    await t.redis.zadd(t.cell.keys.sched('deadlines', t.lane), 1, 'job_late');
    const expected = { tenant: 'late', lane: t.lane, task: 'chat.completions', outcome: 'failed', provider: null };
    const { expired } = await t.queues.scheduler.dispatch(t.lane);
    expect(expired).toEqual([{ ...expected, code: 'deadline_exceeded', seconds: expect.any(Number) }]);
    expect((await t.queues.scheduler.dispatch(t.lane)).expired).toEqual([]);
  });
});
