/** Attempts of followers, one at a time. What becomes of many, and of killed workers: `tests/flow/cache.test.ts`. */
import { followersLane, jobIdFor } from '@holdfast/core';
import { findLeader, type NewJob } from '@holdfast/journal';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestWorker, type TestWorker, until } from './test-worker.ts';

let t: TestWorker;
beforeAll(async () => {
  t = await openTestWorker();
});
afterAll(() => t.close());

/** A job of tenant acme that shares its answer under `digest`, in its own lane or following. */
async function accept(digest: string, mode: string, change: Partial<NewJob> = {}): Promise<string> {
  const id = change.id ?? jobIdFor('acme', null);
  const request = { task: 'chat.completions', input: { model: 'sim', mode } };
  const shared = { digest, ttlMs: 60_000 };
  const described = { id, tenant: 'acme', lane: 'default', request, requestText: JSON.stringify(request), digest };
  await t.journal.accept({ ...described, release: 1, tokens: 10, shared, ...change });
  await findLeader(t.journal, { jobId: id, shared, since: null });
  return id;
}
const follower = (digest: string, mode: string) => accept(digest, mode, { queue: followersLane });

describe('an attempt of a follower', () => {
  it('copies an answer that is there, calls no provider, and has ids of its own', async () => {
    const leader = await accept('ready', 'answer');
    await t.run(leader);
    const made = t.calls.length;
    const id = await follower('ready', 'answer');
    expect(await t.run(id)).toEqual({ kind: 'completed' });
    expect(t.calls).toHaveLength(made);
    const types = (await t.types(leader)).filter((type) => type !== 'call.started');
    expect(await t.types(id)).toEqual(types);
    const [own, its] = [await t.job(id), await t.job(leader)];
    expect(own).toMatchObject({
      output_text: its.output_text,
      provider_calls: 0,
      usage: { cached: true, cost_usd: 0 },
    });
    expect(JSON.stringify(await t.events(id))).not.toContain(leader);
    // An answer that was copied isn't answered from: it would seem younger than it is.
    expect(
      await findLeader(t.journal, { jobId: 'job_x', shared: { digest: 'ready', ttlMs: 1e6 }, since: null }),
    ).toMatchObject({
      kind: 'other',
      jobId: leader,
    });
  });

  it('goes into the queue of its own lane where it leads', async () => {
    const id = await follower('alone', 'answer');
    const outcome = await t.run(id);
    expect(outcome).toMatchObject({ kind: 'deferred', next: { lane: 'default', release: 2, delayMs: 0 } });
    expect(await t.run(id)).toEqual({ kind: 'completed' });
    expect(await t.job(id)).toMatchObject({ provider_calls: 1, attempt: 2 });
  });

  it('fails where its tenant has no budget for the call, and somebody else gets the lead', async () => {
    const id = await follower('poor', 'answer');
    // As a follower it was let in for nothing.
    await t.letIn(id, null);
    const prices = { sim: { input_usd_per_million: 1e6, output_usd_per_million: 1e6 } };
    const parts = { prices, limits: { of: async () => ({ budget_usd: { day: 0.01 } }) } };
    expect(await t.run(id, { parts })).toMatchObject({ kind: 'deferred' });
    const made = t.calls.length;
    expect(await t.run(id, { parts })).toMatchObject({ kind: 'failed', error: { code: 'budget_exceeded' } });
    expect(t.calls).toHaveLength(made);
    const shared = { digest: 'poor', ttlMs: 1 };
    expect(await findLeader(t.journal, { jobId: 'job_next', shared, since: null })).toEqual({ kind: 'self' });
  });

  it('begins its text anew in a new attempt when its leader does, and never mixes the two', async () => {
    const leader = await accept('anew', 'wait');
    const lost = new AbortController();
    const first = t.run(leader, { lockLost: lost.signal });
    const id = await follower('anew', 'wait');
    const following = t.run(id);
    const text = async () => (await t.types(id)).filter((type) => type === 'text.delta').length;
    await until('the follower has text', async () => (await text()) === 1);
    lost.abort();
    await first;
    t.modes.wait = t.modes.answer as NonNullable<typeof t.modes.answer>;
    await t.run(leader);
    expect(await following).toMatchObject({ kind: 'deferred', next: { lane: followersLane } });
    expect(await t.run(id)).toEqual({ kind: 'completed' });
    const told = (await t.events(id)).filter(({ type }) => type === 'text.delta' || type === 'attempt.started');
    expect(told.map(({ data }) => data.text ?? data.resumed)).toEqual([false, 'so far', false, 'Hel', 'lo']);
  });

  it('waits for a leader that is just being accepted, and copies from it', async () => {
    const shared = { digest: 'unborn', ttlMs: 60_000 };
    const id = jobIdFor('acme', null);
    expect(await findLeader(t.journal, { jobId: id, shared, since: null })).toEqual({ kind: 'self' });
    const following = t.run(await follower('unborn', 'answer'));
    const leader = await accept('unborn', 'answer', { id });
    await t.run(leader);
    expect(await following).toEqual({ kind: 'completed' });
  });
});
