import { AttemptError } from '@holdfast/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { jobOf, model, modelProvider } from '../../testing/tasks.ts';
import { oneProvider, openTestWorker, silent, type TestWorker } from '../../testing/worker.ts';
import { endLeftovers } from './end-leftovers.ts';

let t: TestWorker;
beforeAll(async () => {
  t = await openTestWorker();
});
beforeEach(async () => {
  model.reset();
  await t.redis.del(t.cell.keys.leftover);
});
afterAll(() => t.close());

/** One round of a worker that serves the lane `default`, or another. */
const round = (provider = modelProvider, lane = 'default') =>
  endLeftovers({ cell: t.cell, lanes: new Map([[lane, oneProvider(provider)]]), logger: silent });

const leftovers = () => t.redis.zrange(t.cell.keys.leftover, '0', '-1');

/** As if the time for which the entries are one process's were over. */
async function endLease(): Promise<void> {
  for (const entry of await leftovers()) await t.redis.zadd(t.cell.keys.leftover, 1, entry);
}

/** A job that waits for a retry while its response `resp_w` runs on at the provider. */
async function waitingJob(request = {}): Promise<string> {
  model.says.aa = async function* () {
    yield { kind: 'response', id: 'resp_w' };
    throw new AttemptError('provider_stream_cut', 'Cut.', { retryable: true });
  };
  const { id, attempt } = await jobOf(t, async (ctx) => ctx.step('s', () => ctx.generate({ prompt: 'aa' })), {
    lane: { background: true },
    ...request,
  });
  expect((await attempt()).kind).toBe('retry');
  return id;
}

const refusing = (counts: { asked: number }) => ({
  ...modelProvider,
  async cancelResponse() {
    counts.asked += 1;
    throw new AttemptError('provider_unavailable', 'Down.', { retryable: true });
  },
});

describe('a response whose job was cancelled while it waited for a retry', () => {
  it('is ended at its provider, once', async () => {
    const id = await waitingJob();
    expect(await leftovers()).toEqual([]);
    expect(await t.journal.cancel(id)).toMatchObject({ kind: 'cancelled' });
    expect(await leftovers()).toHaveLength(1);
    expect(model.ended).toEqual([]);
    expect(await round()).toBe(1);
    expect(model.ended).toEqual(['resp_w']);
    expect(await leftovers()).toEqual([]);
    expect(await round()).toBe(0);
    expect(model.ended).toHaveLength(1);
  });

  it('is ended where its job is past its deadline instead', async () => {
    const id = await waitingJob({ deadline_ms: 60_000 });
    await t.redis.zadd(t.cell.keys.sched('deadlines', 'default'), 1, id);
    expect((await t.queues.scheduler.dispatch('default')).expired).toMatchObject([
      { tenant: 'acme', outcome: 'failed' },
    ]);
    expect(await t.job(id)).toMatchObject({ status: 'failed', error: { code: 'deadline_exceeded' } });
    expect(await round()).toBe(1);
    expect(model.ended).toEqual(['resp_w']);
  });

  it('is one process’s at a time', async () => {
    await t.journal.cancel(await waitingJob());
    expect((await Promise.all([round(), round(), round()])).sort()).toEqual([0, 0, 1]);
    expect(model.ended).toEqual(['resp_w']);
  });

  it('is tried again after 30 s where its provider refuses', async () => {
    await t.journal.cancel(await waitingJob());
    const counts = { asked: 0 };
    expect(await round(refusing(counts))).toBe(0);
    const [, dueAt] = await t.redis.zrange(t.cell.keys.leftover, '0', '-1', 'WITHSCORES');
    expect(Number(dueAt) - Date.now()).toBeGreaterThan(25_000);
    expect(Number(dueAt) - Date.now()).toBeLessThanOrEqual(30_500);
    expect(await round()).toBe(0);
    expect([counts.asked, model.ended]).toEqual([1, []]);
    await endLease();
    expect(await round()).toBe(1);
    expect(model.ended).toEqual(['resp_w']);
    expect(await leftovers()).toEqual([]);
  });

  it.each([
    ['its lane is not known here', () => round(modelProvider, 'other')],
    ['its lane has no such provider any more', () => round({ ...modelProvider, name: 'other' })],
    ['its provider refuses', () => round(refusing({ asked: 0 }))],
  ])('is given up after ten minutes where %s', async (_, roundOf) => {
    await t.journal.cancel(await waitingJob());
    expect(await roundOf()).toBe(0);
    const [entry = ''] = await leftovers();
    await t.redis.del(t.cell.keys.leftover);
    const ageTo = async (ms: number) => {
      const since = String(Date.now() - ms);
      await t.redis.zadd(t.cell.keys.leftover, 1, JSON.stringify({ ...JSON.parse(entry), since }));
    };
    await ageTo(590_000);
    expect(await roundOf()).toBe(0);
    await t.redis.del(t.cell.keys.leftover);
    await ageTo(600_500);
    expect(await roundOf()).toBe(1);
    expect(await leftovers()).toEqual([]);
    expect(model.ended).toEqual([]);
  });
});

describe('a job that ends with no response open', () => {
  it('leaves nothing to be ended', async () => {
    await t.journal.cancel(await t.submit('answer'));
    model.says.aa = async function* () {
      yield { kind: 'text', text: 'A' };
      throw new AttemptError('provider_stream_cut', 'Cut.', { retryable: true, ambiguous: true });
    };
    const { id, attempt } = await jobOf(t, (ctx) => ctx.generate({ prompt: 'aa' }), { lane: { idempotent: true } });
    expect((await attempt()).kind).toBe('retry');
    await t.journal.cancel(id);
    expect(await leftovers()).toEqual([]);
  });
});
