import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestLane, type TestLane, until } from './test-queue.ts';

let t: TestLane;
beforeAll(async () => {
  t = await openTestLane();
});
afterAll(() => t.close());

const release = (jobId: string, number = 1) => ({ jobId, release: number, lane: t.lane });

describe('enqueue', () => {
  it('hands over which job to run, and nothing else', async () => {
    await t.enqueue('job_plain', { release: 3, priority: 5 });
    const entry = await t.entry('job_plain', 3);
    expect(entry?.data).toEqual({ jobId: 'job_plain', release: 3 });
    await t.queues.remove(release('job_plain', 3));
  });

  it('makes one entry of the same release, and another of the next', async () => {
    await Promise.all([t.enqueue('job_twice'), t.enqueue('job_twice'), t.enqueue('job_twice')]);
    await t.enqueue('job_twice', { release: 2 });
    const entries = await t.board.getJobs(['prioritized', 'wait']);
    const releases = entries.filter(({ data }) => data.jobId === 'job_twice').map(({ data }) => data.release);
    expect(releases.sort()).toEqual([1, 2]);
    for (const number of [1, 2]) await t.queues.remove(release('job_twice', number));
  });

  it('holds a release back for its delay', async () => {
    await t.enqueue('job_later', { delayMs: 60_000 });
    expect(await t.state('job_later')).toBe('delayed');
    expect((await t.entry('job_later'))?.opts.delay).toBe(60_000);
    await t.queues.remove(release('job_later'));
  });
});

describe('remove', () => {
  it('takes out what waits, and only that release', async () => {
    await t.enqueue('job_out');
    await t.enqueue('job_out', { release: 2, delayMs: 60_000 });
    await t.queues.remove(release('job_out'));
    expect([await t.state('job_out', 1), await t.state('job_out', 2)]).toEqual(['unknown', 'delayed']);
    await t.queues.remove(release('job_out', 2));
    expect(await t.state('job_out', 2)).toBe('unknown');
  });

  it('has no effect on what is not there', async () => {
    await expect(t.queues.remove(release('job_never'))).resolves.toBeUndefined();
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
    await until('the first job is done', async () => (await t.state('job_completed')) === 'completed');
    await t.enqueue('job_active');
    await until('the second job runs', async () => (await t.state('job_active')) === 'active');
    await t.enqueue('job_waiting');
    await t.enqueue('job_delayed', { delayMs: 60_000 });

    const names = ['job_completed', 'job_active', 'job_waiting', 'job_delayed', 'job_missing'];
    const unknown = await t.queues.unknown(names.map((name) => release(name)));
    expect([...unknown].sort()).toEqual(['job_completed', 'job_missing']);
    expect(await t.queues.unknown([release('job_waiting', 2)])).toEqual(new Set(['job_waiting']));
    expect(await t.queues.unknown([{ ...release('job_waiting'), lane: 'other' }])).toEqual(new Set(['job_waiting']));
    expect(await t.queues.unknown([])).toEqual(new Set());

    await t.queues.remove(release('job_active'));
    expect(await t.state('job_active')).toBe('active');
    finish();
    await until('all are done', async () => (await t.state('job_waiting')) === 'completed');
    await worker.drain();
  });
});
