import type { JobQueue, Release } from '@holdfast/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { findNewLane } from './find-new-lane.ts';
import { isSweepDue, sweepOpenJobs } from './sweep-open-jobs.ts';
import { openTestWorker, silent, type TestWorker } from './test-worker.ts';

let t: TestWorker;
let handedOver: Release[];
/** Releases that the queue holds, as `jobId.release`. */
let held: Set<string>;
let queueAway: boolean;
let abandoned: string[];

beforeAll(async () => {
  t = await openTestWorker();
});
beforeEach(async () => {
  handedOver = [];
  held = new Set();
  queueAway = false;
  abandoned = [];
  await t.redis.del(`${t.journal.prefix}:open`);
});
afterAll(() => t.close());

const queue: JobQueue = {
  async enqueue(release) {
    if (queueAway) throw new Error('away');
    handedOver.push(release);
    held.add(`${release.jobId}.${release.release}`);
  },
  async remove() {},
  async abandon({ jobId, release, lane }) {
    abandoned.push(`${lane} ${jobId}.${release}`);
  },
  async unknown(releases) {
    return new Set(releases.filter(({ jobId, release }) => !held.has(`${jobId}.${release}`)).map(({ jobId }) => jobId));
  },
};

const sweep = (graceMs = -1_000) => sweepOpenJobs({ journal: t.journal, queue, logger: silent, graceMs });

describe('a sweep is due', () => {
  it('while more jobs are open than the queue holds, and when nobody has looked for a while', async () => {
    const due = (held: number) => isSweepDue(t.journal, async () => held);
    const swept = `${t.journal.prefix}:swept`;
    await t.redis.del(swept);
    expect(await due(1)).toBe(true);
    await sweep();
    expect(await due(0)).toBe(false);
    await t.accept('answer');
    expect([await due(0), await due(1)]).toEqual([true, false]);
    await t.redis.del(swept);
    expect(await due(1)).toBe(true);
  });
});

describe('a sweep', () => {
  it('hands over a job that the queue has lost, with a new release, once', async () => {
    const jobId = await t.accept('answer', { priority: 7 });
    expect(await sweep()).toBe(1);
    const described = { jobId, lane: 'default', tenant: 'acme', tokens: 10, priority: 7 };
    expect(handedOver).toEqual([{ ...described, release: 2, delayMs: 0, deadlineInMs: null, again: true }]);
    expect(await sweep()).toBe(0);
    expect(await t.run(jobId, { release: 2 })).toEqual({ kind: 'completed' });
  });

  it('hands over a running job whose entry is gone, and the new attempt overtakes the old', async () => {
    const jobId = await t.accept('answer');
    await t.crash(jobId);
    expect(await sweep()).toBe(1);
    expect(await t.run(jobId, { release: 1 })).toEqual({ kind: 'ended' });
    expect(await t.run(jobId, { release: 2 })).toEqual({ kind: 'completed' });
  });

  it('leaves alone what the queue holds', async () => {
    const jobId = await t.accept('answer');
    held.add(`${jobId}.1`);
    expect(await sweep()).toBe(0);
    expect(handedOver).toEqual([]);
  });

  it('leaves ended jobs alone, and drops them from the list', async () => {
    const jobId = await t.accept('answer');
    await t.run(jobId);
    await t.redis.zadd(`${t.journal.prefix}:open`, 1, jobId, 1, 'job_expired');
    expect(await sweep()).toBe(0);
    expect(await t.redis.zcard(`${t.journal.prefix}:open`)).toBe(0);
  });

  it('leaves alone what may be on its way to the queue', async () => {
    await t.accept('answer');
    expect(await sweep(60_000)).toBe(0);
    expect(await sweep()).toBe(1);
  });

  it('keeps the delay that a job was submitted with, and the one before its retry', async () => {
    const delayed = await t.accept('answer', { delay_ms: 60_000 });
    const failed = await t.accept('limit');
    await t.run(failed);
    expect(await sweep()).toBe(2);
    const delays = Object.fromEntries(handedOver.map(({ jobId, delayMs }) => [jobId, delayMs]));
    expect(delays[delayed]).toBeGreaterThan(50_000);
    expect(delays[delayed]).toBeLessThanOrEqual(60_000);
    expect(delays[failed]).toBeGreaterThan(0);
    expect(delays[failed]).toBeLessThanOrEqual(2_000);
  });

  it('is one at a time, and two leave no job handed over twice', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => t.accept('answer')));
    const results = await Promise.all([sweep(), sweep()]);
    expect(results.sort()).toEqual([20, null]);
    expect(handedOver.map(({ jobId }) => jobId).sort()).toEqual(ids.sort());
    expect(await sweep()).toBe(0);
  });

  it('goes through more jobs than a page has', async () => {
    await Promise.all(Array.from({ length: 201 }, () => t.accept('answer')));
    expect(await sweep()).toBe(201);
  });

  it('that breaks off after the new release leaves a job that the next one finds', async () => {
    const jobId = await t.accept('answer');
    queueAway = true;
    await expect(sweep()).rejects.toThrow('away');
    queueAway = false;
    abandoned = [];
    expect(await sweep()).toBe(1);
    expect(handedOver).toMatchObject([{ jobId, release: 3 }]);
  });
});

describe('a job whose lane nobody serves any more', () => {
  const served = new Set<string>();
  const sweepWith = (change: object = {}) => {
    const { tasks } = t.parts;
    const lanes = new Map([['default', null]]);
    const finder = { journal: t.journal, tasks, lanes, laneOf: () => 'default', logger: silent, ...change };
    const newLaneOf = findNewLane({ ...finder, isServed: async (lane) => served.has(lane) });
    return sweepOpenJobs({ journal: t.journal, queue, logger: silent, graceMs: -1_000, newLaneOf });
  };
  async function waitingIn(lane: string): Promise<string> {
    const jobId = await t.accept('answer', { lane });
    held.add(`${jobId}.1`);
    return jobId;
  }

  it('goes to the lane that serves its model now, once, and leaves nothing behind', async () => {
    const jobId = await waitingIn('renamed');
    expect(await sweepWith()).toBe(1);
    expect(handedOver).toMatchObject([{ jobId, lane: 'default', release: 2 }]);
    expect(abandoned).toEqual([`renamed ${jobId}.1`]);
    expect(await sweepWith()).toBe(0);
    expect(await t.run(jobId)).toEqual({ kind: 'completed' });
    expect(await t.job(jobId)).toMatchObject({ lane: 'default' });
  });

  it('stays where another worker serves it, or where no lane serves its model', async () => {
    served.add('others');
    await waitingIn('others');
    await waitingIn('gone');
    expect(await sweepWith({ laneOf: () => null })).toBe(0);
    expect([handedOver, abandoned]).toEqual([[], []]);
  });
});
