import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { free, openTestJournal, type TestJournal } from '../testing/journal.ts';

let t: TestJournal;
beforeAll(async () => {
  t = await openTestJournal();
});
afterAll(() => t.close());

async function ended(key: string): Promise<string> {
  const { id } = await t.submit(key);
  const writer = t.writer(await t.claim(id));
  writer.write('attempt.started', { attempt: 1, resumed: false });
  await writer.end({ status: 'failed' }, 'job.failed', { error: { code: 'x', message: 'y', retryable: false } });
  return id;
}

describe('cancel', () => {
  it('ends a queued job itself, in one write', async () => {
    const { id } = await t.submit('cancel queued');
    const release = await t.releaseOf(id);
    expect(await t.journal.cancel(id)).toEqual({ kind: 'cancelled', release, lane: 'default', unblocked: [] });
    expect((await t.journal.get(id))?.job.status).toBe('cancelled');
    expect(await t.logOf(id, 1)).toBe('id: 2\nevent: job.cancelled\ndata: {}\n\n');
    expect(await t.journal.cancel(id)).toEqual({ kind: 'ended' });
  });

  it('reaches the running attempt with its next append if the message is lost', async () => {
    const { id } = await t.submit('cancel running');
    let cancels = 0;
    const writer = t.writer(await t.claim(id), { cancel: () => cancels++ });
    expect(await t.journal.cancel(id)).toEqual({ kind: 'requested' });
    writer.write('text.delta', { text: 'still' });
    await writer.flushed();
    expect(cancels).toBe(1);
    expect(await t.journal.cancelRequested([id, 'job_never'])).toEqual([true, false]);
  });
});

describe('retry and delete', () => {
  it('runs a failed job again under its id, its journal going on', async () => {
    const id = await ended('retry');
    const release = await t.releaseOf(id);
    const { job } = (await t.journal.get(id)) ?? {};
    if (!job) throw new Error('no job');
    expect(await t.journal.retry(job, free)).toEqual({ kind: 'queued', requests: null, lane: 'default' });
    expect(await t.releaseOf(id)).toBeGreaterThan(release);
    expect((await t.journal.get(id))?.job).toMatchObject({ status: 'queued', error: null, finished_at: null });
    expect(await t.redis.pttl(t.journal.keysOf(id).record)).toBe(-1);
    expect(await t.logOf(id, 3)).toContain('id: 4\nevent: job.accepted\n');
    await expect(t.journal.retry(job, free)).rejects.toMatchObject({ code: 'job_not_retryable' });
    await expect(t.journal.retry({ ...job, id: 'job_never' }, free)).rejects.toMatchObject({ code: 'job_not_found' });
  });

  it('admits a job that is to run again like a new one', async () => {
    const id = await ended('retry refused');
    const { job } = (await t.journal.get(id)) ?? {};
    if (!job) throw new Error('no job');
    const reply = await t.journal.retry(job, { limits: { budget_usd: { day: 1 } }, estimateUsd: 2 });
    expect(reply).toMatchObject({
      kind: 'refused',
      refusal: { limit: 'budget', over: { period: 'day', why: 'budget' } },
    });
    expect((await t.journal.get(id))?.job.status).toBe('failed');
  });

  it('deletes an ended job whole, and refuses one that has not ended', async () => {
    const id = await ended('delete');
    expect(await t.journal.delete(id)).toBe('deleted');
    expect(await t.redis.keys(`${t.journal.keysOf(id).record}*`)).toEqual([]);
    expect(await t.journal.delete(id)).toBe('missing');
    const { id: open } = await t.submit('not yet');
    expect(await t.journal.delete(open)).toBe('not_ended');
  });
});
