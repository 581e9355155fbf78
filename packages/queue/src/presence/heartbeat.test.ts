import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openTestLane, type TestLane, until } from '../../testing/queue.ts';
import { queueJobId } from '../names.ts';
import { Heartbeat } from './heartbeat.ts';

let t: TestLane;
beforeEach(async () => {
  t = await openTestLane();
});
afterEach(() => t.close());

const lockOf = async (jobId: string) => `${t.board.toKey('')}${queueJobId(await t.release(jobId))}:lock`;
const never = () => new Promise<never>(() => undefined);

/** A worker with so many jobs under way, which it has claimed. */
async function atWork(jobs: readonly string[]) {
  const worker = await t.work(
    async ({ jobId }) => {
      await t.cell.claim(jobId);
      return never();
    },
    { concurrency: jobs.length },
  );
  for (const jobId of jobs) await t.submit(jobId);
  const isRunning = async (jobId: string) => (await t.cell.record(jobId)).status === 'running';
  await until('all run', async () => (await Promise.all(jobs.map(isRunning))).every(Boolean));
  return worker;
}

describe('a heartbeat', () => {
  it('renews the locks of its worker, page by page, and no others', async () => {
    const own = ['job_a', 'job_b'];
    const { works } = await atWork(own);
    const active = t.board.toKey('active');
    // Those of other workers lie between the two.
    await t.redis.rpush(active, ...Array.from({ length: 600 }, (_, at) => `job_x.${at}`));
    await t.redis.lmove(active, active, 'LEFT', 'RIGHT');
    const other = `${t.board.toKey('')}job_x.7:lock`;
    await t.redis.set(other, `${works.worker}0:1`, 'PX', 1_000);
    for (const jobId of own) await t.redis.pexpire(await lockOf(jobId), 1_000);
    await new Heartbeat(t.cell.cell, [works]).renew({ takesJobs: true });
    for (const jobId of own) expect(await t.redis.pttl(await lockOf(jobId))).toBeGreaterThan(3_000);
    expect(await t.redis.pttl(other)).toBeLessThanOrEqual(1_000);
  });

  it('does not take back a lock that ran out', async () => {
    const { works } = await atWork(['job_a']);
    await t.redis.del(await lockOf('job_a'));
    await new Heartbeat(t.cell.cell, [works]).renew({ takesJobs: true });
    expect(await t.redis.exists(await lockOf('job_a'))).toBe(0);
  });

  it('hands all jobs back but one, whose lock runs on; they wait, and the worker is announced no longer', async () => {
    const { works } = await atWork(['job_a', 'job_b', 'job_c']);
    const before = await t.release('job_a');
    expect(await new Heartbeat(t.cell.cell, [works]).handBack({ except: 'job_b' })).toBe(2);
    for (const jobId of ['job_a', 'job_c']) expect(await t.cell.record(jobId)).toMatchObject({ status: 'queued' });
    expect((await t.release('job_a')).release).toBeGreaterThan(before.release);
    expect(await t.cell.record('job_b')).toMatchObject({ status: 'running' });
    expect(await t.redis.pttl(await lockOf('job_b'))).toBeGreaterThan(0);
    expect(await t.queues.scheduler.isServed(t.lane)).toBe(false);
    for (const jobId of ['job_a', 'job_b']) await t.cell.claim(jobId);
    expect(await t.cell.record('job_a')).not.toHaveProperty('crashes');
    expect(await t.cell.record('job_b')).toMatchObject({ crashes: '1' });
  });
});
