import { followersLane } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { completed, openTestWorker, silent, type TestWorker } from '../../testing/worker.ts';
import { reassignLanes } from './reassign-lanes.ts';

let t: TestWorker;
beforeAll(async () => {
  t = await openTestWorker();
});
afterAll(() => t.close());

/** A worker that serves the lane `default` only. */
function reassigning(laneOf: (model: string) => string | null = () => 'default') {
  const said: object[] = [];
  const logger = { ...silent, error: (fields: object) => void said.push(fields) };
  const { journal, queues, deps } = t;
  const lanes = new Map([['default', null]]);
  const names = new Set<string>();
  return { said, round: () => reassignLanes({ journal, queues, tasks: deps.tasks, lanes, laneOf, logger }, names) };
}

const placed = async (lane: string) => {
  const { waiting, delayed, permits } = await t.queues.scheduler.counts(lane);
  return waiting + delayed + permits;
};

describe('a job whose lane nobody serves any more', () => {
  it('goes to the lane that serves its model now, once, and leaves nothing behind', async () => {
    const { round } = reassigning();
    const jobId = await t.submit('answer', { lane: 'renamed' });
    const release = await t.releaseOf(jobId);
    const kept = await placed('default');
    expect(await round()).toBe(1);
    expect([await placed('renamed'), await placed('default')]).toEqual([0, kept + 1]);
    expect(await round()).toBe(0);
    expect(await t.run(jobId, { release })).toEqual({ kind: 'ended' });
    expect(await t.run(jobId)).toEqual(completed);
    expect(await t.job(jobId)).toMatchObject({ lane: 'default' });
  });

  it('goes there too where it was handed to BullMQ, or its worker has vanished', async () => {
    const { round } = reassigning();
    const [handedOver, crashed] = [
      await t.submit('answer', { lane: 'removed' }),
      await t.submit('answer', { lane: 'removed' }),
    ];
    await t.queues.scheduler.announce('removed', 'gone', 1);
    expect((await t.queues.scheduler.dispatch('removed')).released.map(({ jobId }) => jobId)).toEqual([handedOver]);
    await t.crash(crashed);
    await t.queues.scheduler.announce('removed', 'gone', 0);
    expect(await round()).toBe(2);
    expect(await placed('removed')).toBe(0);
    for (const jobId of [handedOver, crashed]) expect(await t.run(jobId)).toEqual(completed);
  });

  it('is not run before its time there: it keeps the delay that it was submitted with, and the one before its retry', async () => {
    const { round } = reassigning();
    const before = await t.queues.scheduler.counts('default');
    const delayed = await t.submit('answer', { lane: 'old', delay_ms: 60_000 });
    const failed = await t.submit('limit');
    expect((await t.run(failed)).kind).toBe('retry');
    const due = async (lane: string, jobId: string) =>
      Number(await t.redis.zscore(t.cell.keys.sched('due', lane), jobId));
    const times = [await due('old', delayed), await due('default', failed)];
    // As if the lane that it failed in had been renamed.
    const release = await t.releaseOf(failed);
    await t.queues.scheduler.handOverAgain({ jobId: failed, release }, { newLane: 'old' });
    expect(await due('old', failed)).toBe(times[1]);
    expect(await round()).toBe(2);
    expect([await due('default', delayed), await due('default', failed)]).toEqual(times);
    expect((await t.queues.scheduler.counts('default')).waiting).toBe(before.waiting);
    expect(await t.job(delayed)).toMatchObject({ due_at: new Date(times[0] ?? 0).toISOString() });
  });

  it('goes there with all others, however many pages they fill', async () => {
    const { round } = reassigning();
    const ids = await Promise.all(Array.from({ length: 120 }, () => t.submit('answer', { lane: 'crowded' })));
    expect(await round()).toBe(120);
    expect(await placed('crowded')).toBe(0);
    const lanes = await Promise.all(ids.map(async (id) => (await t.job(id)).lane));
    expect(new Set(lanes)).toEqual(new Set(['default']));
  });

  it('stays where another worker serves it, where it follows another job, and in a lane of this worker', async () => {
    const { round, said } = reassigning();
    await t.queues.scheduler.announce('others', 'another worker', 1);
    const ids = [await t.submit('answer', { lane: 'others' }), await t.submit('answer')];
    const shared = { digest: 'd', ttlMs: 60_000 };
    await t.submit('answer', { shared });
    ids.push(await t.submit('answer', { shared }));
    expect(await placed(followersLane)).toBe(1);
    const releases = await Promise.all(ids.map(t.releaseOf));
    expect(await round()).toBe(0);
    expect(await Promise.all(ids.map(t.releaseOf))).toEqual(releases);
    expect(said).toEqual([]);
  });

  it('waits where no lane serves its model, or its task is not known here, and the log says so once', async () => {
    const { round, said } = reassigning(() => null);
    const jobs = [
      await t.submit('answer', { lane: 'nowhere' }),
      await t.submit('answer', { lane: 'nowhere', task: 'unheard.of' }),
    ];
    for (let turn = 0; turn < 3; turn += 1) expect(await round()).toBe(0);
    expect(said).toEqual([{ lane: 'nowhere', jobId: expect.stringMatching(`^(${jobs.join('|')})$`) }]);
    expect(await placed('nowhere')).toBe(2);
    for (const jobId of jobs) expect(await t.job(jobId)).toMatchObject({ status: 'queued', lane: 'nowhere' });
  });
});
