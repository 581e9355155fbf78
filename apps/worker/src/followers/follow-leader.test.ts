/** Attempts of followers, one at a time. What becomes of many, and of killed workers: `tests/flow/cache.test.ts`. */
import { followersLane } from '@holdfast/core';
import { findLeader, readTimeline } from '@holdfast/journal';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { completed, openTestWorker, type TestWorker, until } from '../../testing/worker.ts';

let t: TestWorker;
beforeAll(async () => {
  t = await openTestWorker();
});
afterAll(() => t.close());

/** A job that shares its answer under `digest`: the first one leads, the others follow. */
const submit = (digest: string, mode: string, change: Parameters<TestWorker['submit']>[1] = {}) =>
  t.submit(mode, { shared: { digest, ttlMs: 60_000 }, ...change });

/** A job that follows one that ends without an answer. */
async function followerAlone(digest: string, mode = 'answer', change: Parameters<TestWorker['submit']>[1] = {}) {
  const leader = await submit(digest, mode);
  const id = await submit(digest, mode, change);
  await t.journal.cancel(leader);
  return id;
}

const leaderOf = (digest: string, jobId: string) =>
  findLeader(t.journal, { jobId, shared: { digest, ttlMs: 60_000 }, since: Date.now() });

describe('an attempt of a follower', () => {
  it('copies an answer that is there, calls no provider, and has ids of its own', async () => {
    const leader = await submit('ready', 'answer');
    await t.run(leader);
    const made = t.calls.length;
    const id = await submit('ready', 'answer');
    expect(await t.run(id)).toEqual(completed);
    expect(t.calls).toHaveLength(made);
    const types = (await t.types(leader)).filter((type) => type !== 'call.started');
    expect(await t.types(id)).toEqual(types);
    const [own, its] = [await t.job(id), await t.job(leader)];
    expect(own).toMatchObject({
      output: its.output,
      output_text: its.output_text,
      provider_calls: 0,
      usage: { cached: true, estimated: false, cost_usd: 0, input_tokens: 3, output_tokens: 2 },
    });
    expect(JSON.stringify(await t.events(id))).not.toContain(leader);
    expect(await readTimeline(t.journal, id)).toMatchObject({
      copied_from: leader,
      attempts: [{ outcome: 'completed', worker: 'host-1' }],
      calls: [],
    });
    // An answer that was copied isn't answered from: it would seem younger than it is.
    expect(await leaderOf('ready', 'job_x')).toMatchObject({ jobId: leader });
  });

  it('goes into the queue of its own lane where it leads', async () => {
    const id = await followerAlone('alone');
    const release = await t.releaseOf(id);
    const { lanes } = await t.queues.scheduler.placement();
    expect(lanes).toContain(followersLane);
    expect(await t.run(id)).toEqual({ kind: 'deferred', delayMs: 0, unblocked: ['default'] });
    expect(await t.releaseOf(id)).toBeGreaterThan(release);
    expect((await t.queues.scheduler.placement()).lanes).toEqual(['default']);
    expect(await t.run(id)).toEqual(completed);
    expect(await t.job(id)).toMatchObject({ provider_calls: 1, attempt: 2, usage: { cached: false } });
  });

  it('leads when it is due, where nobody answers for it by then', async () => {
    const id = await submit('delayed', 'answer', { delay_ms: 60_000 });
    expect((await t.queues.scheduler.counts(followersLane)).delayed).toBe(1);
    expect(await t.run(id)).toMatchObject({ kind: 'deferred', unblocked: ['default'] });
    expect(await t.run(id)).toEqual(completed);
    expect(await leaderOf('delayed', 'job_x')).toMatchObject({ jobId: id });
  });

  it('fails where its tenant has no budget for the call, and somebody else gets the lead', async () => {
    // As a follower it was submitted for nothing.
    const limits = { budget_usd: { day: 0.01 } };
    const id = await followerAlone('poor', 'answer', { estimateUsd: 5, limits });
    const prices = { sim: { input_usd_per_million: 1e6, output_usd_per_million: 1e6 } };
    const deps = { prices, limits: { of: async () => limits } };
    expect(await t.run(id, { deps })).toMatchObject({ kind: 'deferred' });
    const made = t.calls.length;
    expect(await t.run(id, { deps })).toMatchObject({ kind: 'failed', error: { code: 'budget_exceeded' } });
    expect(t.calls).toHaveLength(made);
    expect(await leaderOf('poor', 'job_next')).toBeNull();
  });

  it('begins its text anew in a new attempt when its leader does, and never mixes the two', async () => {
    const leader = await submit('anew', 'wait');
    const lost = new AbortController();
    const first = t.run(leader, { lockLost: lost.signal });
    const id = await submit('anew', 'wait');
    const following = t.run(id);
    const text = async () => (await t.types(id)).filter((type) => type === 'text.delta').length;
    await until('the follower has text', async () => (await text()) === 1);
    lost.abort();
    await first;
    t.modes.wait = t.modes.answer as NonNullable<typeof t.modes.answer>;
    await t.run(leader);
    expect(await following).toEqual({ kind: 'deferred', delayMs: 0, unblocked: [] });
    expect((await t.queues.scheduler.counts(followersLane)).waiting).toBe(1);
    expect(await t.run(id)).toEqual(completed);
    const shown = (await t.events(id)).filter(({ type }) => type === 'text.delta' || type === 'attempt.started');
    expect(shown.map(({ data }) => data.text ?? data.resumed)).toEqual([false, 'so far', false, 'Hel', 'lo']);
  });
});
