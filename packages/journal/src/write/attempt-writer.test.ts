import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { free, openTestJournal, type TestJournal } from '../../testing/journal.ts';
import { JournalRefusal } from './append.ts';

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

describe('append', () => {
  it('numbers events without gaps, over many flushes', async () => {
    const { id } = await t.submit('numbers');
    const writer = t.writer(await t.claim(id));
    for (let n = 0; n < 300; n++) {
      writer.write('text.delta', { text: `${n} é` });
      if (n % 7 === 0) await writer.flushed();
    }
    await writer.flushed();
    const seqs = [...(await t.logOf(id)).matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
    expect(seqs).toEqual(Array.from({ length: 301 }, (_, at) => at + 1));
    expect((await t.journal.get(id))?.job.cursor).toBe(301);
  });

  it('refuses every event of an attempt that has been fenced off', async () => {
    const { id } = await t.submit('fenced');
    const refusals: string[] = [];
    const zombie = t.writer(await t.claim(id), { refused: ({ code }) => refusals.push(code) });
    zombie.write('text.delta', { text: 'mine' });
    await zombie.flushed();
    const successor = t.writer(await t.claim(id));
    successor.write('attempt.started', { attempt: 2, resumed: false });
    await successor.flushed();
    zombie.write('text.delta', { text: 'late' });
    await expect(zombie.flushed()).rejects.toBeInstanceOf(JournalRefusal);
    expect(refusals).toEqual(['fenced']);
    expect(() => zombie.write('text.delta', { text: 'later' })).toThrow(JournalRefusal);
    expect(await t.logOf(id)).not.toContain('late');
  });

  it('refuses an attempt whose claim a failover has rolled back, although another now has its number', async () => {
    const { id } = await t.submit('failed over');
    const { record } = t.journal.keysOf(id);
    const before = await t.redis.dumpBuffer(record);
    const rolledBack = await t.claim(id);
    await t.redis.restore(record, 0, before, 'REPLACE');
    const claim = await t.claim(id);
    expect(claim.attempt).toBe(rolledBack.attempt);
    const writer = t.writer(claim);
    writer.write('text.delta', { text: 'of the one' });
    await writer.flushed();
    const zombie = t.writer(rolledBack);
    zombie.write('text.delta', { text: 'of the other' });
    await expect(zombie.flushed()).rejects.toMatchObject({ code: 'fenced' });
    expect(await t.logOf(id)).not.toContain('of the other');
  });

  it('refuses an attempt of an earlier generation of the job, whose numbers begin at 1 again', async () => {
    const job = await t.submit('second generation');
    const zombie = t.writer(await t.claim(job.id));
    await t.writer(await t.claim(job.id)).end({ status: 'completed' }, 'job.completed', { output: null, usage: null });
    await t.journal.delete(job.id);
    await t.journal.submit(job, free);
    const writer = t.writer(await t.claim(job.id));
    zombie.write('text.delta', { text: 'of another generation' });
    await expect(zombie.flushed()).rejects.toMatchObject({ code: 'fenced' });
    writer.write('attempt.started', { attempt: 1, resumed: false });
    await writer.flushed();
    expect(await t.logOf(job.id)).not.toContain('of another generation');
    expect(await t.logOf(job.id, 1)).toContain('attempt.started');
  });

  it('writes the terminal event and the final state together, once', async () => {
    const { id } = await t.submit('terminal');
    const writer = t.writer(await t.claim(id));
    await writer.end({ status: 'completed' }, 'job.completed', { output: 'done', usage: null }, { output: '"done"' });
    const { job } = (await t.journal.get(id)) ?? {};
    expect(job).toMatchObject({ status: 'completed', output: 'done', output_text: 'done' });
    expect(job?.finished_at).not.toBeNull();
    writer.write('text.delta', { text: 'after the end' });
    await expect(writer.flushed()).rejects.toMatchObject({ code: 'ended' });
    expect(await t.redis.zscore(t.journal.cell.keys.open, id)).toBeNull();
  });

  it('expires all of an ended job and nothing of a running one', async () => {
    const id = await ended('expires');
    const { record, log } = t.journal.keysOf(id);
    expect(await t.redis.pttl(record)).toBeGreaterThan(0);
    expect(await t.redis.pttl(log)).toBeGreaterThan(0);
    const { id: running } = await t.submit('keeps');
    await t.claim(running);
    expect(await t.redis.pttl(t.journal.keysOf(running).record)).toBe(-1);
  });

  it('does not double events when an append is sent again after a lost reply', async () => {
    const { id } = await t.submit('again');
    const writer = t.writer(await t.claim(id));
    const connection = t.redis as unknown as { stream: { destroy(): void } };
    const before = t.redis.status;
    writer.write('text.delta', { text: 'once only' });
    // Gone after the command left and before its reply was read: ioredis sends it again when it is back.
    await Promise.resolve();
    connection.stream.destroy();
    await writer.flushed();
    expect(before).toBe('ready');
    expect((await t.logOf(id)).match(/once only/g)).toHaveLength(1);
  });
});

describe('the end of an attempt', () => {
  const failed = { error: { code: 'x', message: 'y', retryable: true }, retry_at: new Date(0).toISOString() };

  it('puts the job back under a new release, to wait until it is due', async () => {
    const { id } = await t.submit('put back');
    const claim = await t.claim(id);
    const end = { status: 'queued', delayMs: 60_000 } as const;
    expect(await t.writer(claim).end(end, 'attempt.failed', failed)).toEqual({ status: 'queued', unblocked: [] });
    const { job } = (await t.journal.get(id)) ?? {};
    expect(job?.status).toBe('queued');
    expect(Date.parse(job?.retry_at ?? '')).toBeGreaterThan(Date.now() + 50_000);
    expect(await t.releaseOf(id)).toBeGreaterThan(claim.release);
    expect(await t.journal.claim(id, claim.release)).toEqual({ kind: 'stale' });
    expect((await t.claim(id)).attempt).toBe(2);
  });

  it('of a job with a cancel request cancels it, and says so', async () => {
    const { id } = await t.submit('put back, cancelled');
    const writer = t.writer(await t.claim(id));
    await t.journal.cancel(id);
    expect(await writer.end({ status: 'queued' }, 'attempt.failed', failed)).toMatchObject({ status: 'cancelled' });
    expect((await t.logOf(id, 1)).match(/^event: .*$/gm)).toEqual(['event: attempt.failed', 'event: job.cancelled']);
  });
});
