import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JournalRefusal } from './attempt-writer.ts';
import { listJobs } from './list-jobs.ts';
import { readOpenJobs } from './open-jobs.ts';
import { readLog } from './read-log.ts';
import { claimScript } from './scripts/claim.ts';
import { openTestJournal, type TestJournal } from './test-journal.ts';

let t: TestJournal;
beforeAll(async () => {
  t = await openTestJournal();
});
afterAll(() => t.close());

async function logOf(jobId: string, after = 0): Promise<string> {
  let text = '';
  for await (const window of readLog(t.journal, jobId, after)) text += window.bytes.toString();
  return text;
}

async function ended(key: string): Promise<string> {
  const { id } = await t.accept(key);
  const writer = t.writer(await t.claim(id));
  writer.write('attempt.started', { attempt: 1, resumed: false });
  await writer.end('failed', 'job.failed', { error: { code: 'x', message: 'y', retryable: false } });
  return id;
}

describe('accept', () => {
  it('makes one job of one id, whoever is first, and returns the first digest to the rest', async () => {
    const job = await t.accept('once');
    expect(await t.journal.accept({ ...job, digest: 'other', release: 7 })).toEqual({
      ...{ digest: job.digest, release: 1, queue: '' },
    });
    expect((await t.journal.look(job.id))?.job).toMatchObject({ status: 'queued', attempt: 0, cursor: 1 });
    expect(await logOf(job.id)).toBe(
      'id: 1\nevent: job.accepted\ndata: {"task":"chat.completions","lane":"default"}\n\n',
    );
  });

  it('shows when the job is due and when it has to be done, by Redis’ clock, until it is run again', async () => {
    expect((await t.journal.look((await t.accept('plain')).id))?.job).toMatchObject({
      ...{ priority: 0, due_at: null, deadline_at: null },
    });
    const { id } = await t.accept('timed', { priority: -7, delay_ms: 5_000, deadline_ms: 60_000 });
    const { job } = (await t.journal.look(id)) ?? {};
    const after = (time: string | null | undefined) => Date.parse(time ?? '') - Date.parse(job?.created_at ?? '');
    expect([job?.priority, after(job?.due_at), after(job?.deadline_at)]).toEqual([-7, 5_000, 60_000]);
    await t.journal.cancel(id);
    if (job) await t.journal.rerun(job);
    expect((await t.journal.look(id))?.job).toMatchObject({ priority: -7, due_at: null, deadline_at: null });
  });

  it('lists the job as open and as its tenant’s', async () => {
    const { id } = await t.accept('listed');
    const open = await readOpenJobs(t.journal, 0, 1_000, Date.now() + 1_000);
    expect(open.jobs.map((job) => job.jobId)).toContain(id);
    const listed = await listJobs(t.journal, { tenant: 'acme', filter: { onlyTasks: null, metadata: {} }, limit: 100 });
    expect(listed.data.map((job) => job.id)).toContain(id);
  });
});

describe('claim', () => {
  it('raises the attempt, and counts a crash when the job was found running', async () => {
    const { id } = await t.accept('claimed');
    expect(await t.claim(id)).toMatchObject({ attempt: 1, seq: 1, crashes: 0 });
    expect(await t.claim(id)).toMatchObject({ attempt: 2, seq: 1, crashes: 1 });
  });

  it('makes void what a sweep found before it: the hand-over was not lost, only late', async () => {
    const { id } = await t.accept('late');
    await t.claim(id);
    expect(await t.journal.renewRelease({ jobId: id, release: 1, attempt: 0 })).toBeNull();
    expect(await t.journal.renewRelease({ jobId: id, release: 1, attempt: 1 })).toBe(2);
  });

  it('counts once when it is sent again after a lost reply', async () => {
    const { id } = await t.accept('claimed again');
    const { record } = t.journal.keysOf(id);
    const send = (ticket: string) => claimScript.run(t.redis, [record], [1, ticket]);
    expect(await send('one')).toEqual(['claimed', 1, 1, 0, '']);
    expect(await send('one')).toEqual(['claimed', 1, 1, 0, '']);
    expect(await send('other')).toEqual(['claimed', 2, 1, 1, '']);
  });

  it('refuses an older release, an ended job and an unknown one', async () => {
    const { id } = await t.accept('stale');
    expect(await t.journal.renewRelease({ jobId: id, release: 1, attempt: 0 })).toBe(2);
    expect(await t.journal.renewRelease({ jobId: id, release: 1, attempt: 0 })).toBeNull();
    expect(await t.journal.claim(id, 1)).toEqual({ kind: 'stale' });
    await t.journal.cancel(id);
    expect(await t.journal.claim(id, 2)).toEqual({ kind: 'ended', leftOver: null });
    expect(await t.journal.claim('job_unknown', 1)).toEqual({ kind: 'missing' });
  });

  it('tells how long the deadline is off', async () => {
    const { id } = await t.accept('deadline', { deadline_ms: 60_000 });
    const { deadlineInMs } = await t.claim(id);
    expect(deadlineInMs).toBeGreaterThan(50_000);
    expect(deadlineInMs).toBeLessThanOrEqual(60_000);
  });
});

describe('append', () => {
  it('numbers events without gaps, over many flushes', async () => {
    const { id } = await t.accept('numbers');
    const writer = t.writer(await t.claim(id));
    for (let n = 0; n < 300; n++) {
      writer.write('text.delta', { text: `${n} é` });
      if (n % 7 === 0) await writer.flushed();
    }
    await writer.flushed();
    const seqs = [...(await logOf(id)).matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
    expect(seqs).toEqual(Array.from({ length: 301 }, (_, at) => at + 1));
    expect((await t.journal.look(id))?.job.cursor).toBe(301);
  });

  it('refuses every event of an attempt that has been overtaken', async () => {
    const { id } = await t.accept('fenced');
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
    expect(await logOf(id)).not.toContain('late');
  });

  it('refuses an attempt whose claim a failover has undone, although another now has its number', async () => {
    const { id } = await t.accept('failed over');
    const { record } = t.journal.keysOf(id);
    const before = await t.redis.dumpBuffer(record);
    const undone = await t.claim(id);
    await t.redis.restore(record, 0, before, 'REPLACE');
    const claim = await t.claim(id);
    expect(claim.attempt).toBe(undone.attempt);
    const writer = t.writer(claim);
    writer.write('text.delta', { text: 'of the one' });
    await writer.flushed();
    const zombie = t.writer(undone);
    zombie.write('text.delta', { text: 'of the other' });
    await expect(zombie.flushed()).rejects.toMatchObject({ code: 'fenced' });
    expect(await logOf(id)).not.toContain('of the other');
  });

  it('refuses an attempt of an earlier life of the job, whose numbers begin at 1 again', async () => {
    const job = await t.accept('second life');
    const zombie = t.writer(await t.claim(job.id));
    await t.writer(await t.claim(job.id)).end('completed', 'job.completed', { output: null, usage: null });
    await t.journal.forget(job.id, 'acme');
    await t.journal.accept(job);
    const writer = t.writer(await t.claim(job.id));
    zombie.write('text.delta', { text: 'of another life' });
    await expect(zombie.flushed()).rejects.toMatchObject({ code: 'fenced' });
    writer.write('attempt.started', { attempt: 1, resumed: false });
    await writer.flushed();
    expect(await logOf(job.id)).not.toContain('of another life');
    expect(await logOf(job.id, 1)).toContain('attempt.started');
  });

  it('writes the terminal event and the final state together, once', async () => {
    const { id } = await t.accept('terminal');
    const writer = t.writer(await t.claim(id));
    await writer.end('completed', 'job.completed', { output: 'done', usage: null }, { output: '"done"' });
    const { job } = (await t.journal.look(id)) ?? {};
    expect(job).toMatchObject({ status: 'completed', output: 'done', output_text: 'done' });
    expect(job?.finished_at).not.toBeNull();
    writer.write('text.delta', { text: 'after the end' });
    await expect(writer.flushed()).rejects.toMatchObject({ code: 'ended' });
    expect(await t.redis.zscore(`${t.journal.prefix}:open`, id)).toBeNull();
  });

  it('expires all of an ended job and nothing of a running one', async () => {
    const id = await ended('expires');
    const { record, log } = t.journal.keysOf(id);
    expect(await t.redis.pttl(record)).toBeGreaterThan(0);
    expect(await t.redis.pttl(log)).toBeGreaterThan(0);
    const { id: running } = await t.accept('keeps');
    await t.claim(running);
    expect(await t.redis.pttl(t.journal.keysOf(running).record)).toBe(-1);
  });

  it('does not double events when an append is sent again after a lost reply', async () => {
    const { id } = await t.accept('again');
    const writer = t.writer(await t.claim(id));
    const connection = t.redis as unknown as { stream: { destroy(): void } };
    const before = t.redis.status;
    writer.write('text.delta', { text: 'once only' });
    // Gone after the command left and before its reply was read: ioredis sends it again when it is back.
    await Promise.resolve();
    connection.stream.destroy();
    await writer.flushed();
    expect(before).toBe('ready');
    expect((await logOf(id)).match(/once only/g)).toHaveLength(1);
  });
});

describe('cancel', () => {
  it('ends a queued job itself, in one write', async () => {
    const { id } = await t.accept('cancel queued');
    expect(await t.journal.cancel(id)).toEqual({ kind: 'cancelled', release: 1, lane: 'default', leftOver: false });
    expect((await t.journal.look(id))?.job.status).toBe('cancelled');
    expect(await logOf(id, 1)).toBe('id: 2\nevent: job.cancelled\ndata: {}\n\n');
    expect(await t.journal.cancel(id)).toEqual({ kind: 'ended' });
  });

  it('is told to the running attempt with its next append, should the message be lost', async () => {
    const { id } = await t.accept('cancel running');
    let told = 0;
    const writer = t.writer(await t.claim(id), { cancel: () => told++ });
    expect(await t.journal.cancel(id)).toEqual({ kind: 'requested' });
    writer.write('text.delta', { text: 'still' });
    await writer.flushed();
    expect(told).toBe(1);
  });
});

describe('rerun and forget', () => {
  it('runs a failed job again under its id, its journal going on', async () => {
    const id = await ended('rerun');
    const { job } = (await t.journal.look(id)) ?? {};
    if (!job) throw new Error('no job');
    expect(await t.journal.rerun(job)).toMatchObject({ release: 2, lane: 'default' });
    expect((await t.journal.look(id))?.job).toMatchObject({ status: 'queued', error: null, finished_at: null });
    expect(await t.redis.pttl(t.journal.keysOf(id).record)).toBe(-1);
    expect(await logOf(id, 3)).toContain('id: 4\nevent: job.accepted\n');
    await expect(t.journal.rerun(job)).rejects.toMatchObject({ code: 'job_not_retryable' });
  });

  it('forgets an ended job whole, and refuses one that has not ended', async () => {
    const id = await ended('forget');
    expect(await t.journal.forget(id, 'acme')).toBe('forgotten');
    expect(await t.redis.keys(`${t.journal.prefix}:{${id}}:*`)).toEqual([]);
    expect(await t.journal.forget(id, 'acme')).toBe('missing');
    const { id: open } = await t.accept('not yet');
    expect(await t.journal.forget(open, 'acme')).toBe('refused');
  });
});

describe('listJobs', () => {
  it('pages newest first without repeating or leaving out any, many of them within one millisecond', async () => {
    const tenant = 'paged';
    const ids = await Promise.all(
      Array.from({ length: 230 }, async (_, at) => (await acceptFor(tenant, `page ${at}`)).id),
    );
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listJobs(t.journal, { tenant, filter: { onlyTasks: null, metadata: {} }, limit: 20, cursor });
      seen.push(...page.data.map((job) => job.id));
      cursor = page.next_cursor ?? undefined;
    } while (cursor);
    expect(seen).toHaveLength(230);
    expect(new Set(seen)).toEqual(new Set(ids));
  });

  it('filters by status, task and metadata', async () => {
    const tenant = 'filtered';
    const { id } = await acceptFor(tenant, 'a', { metadata: { colour: 'red' } });
    await acceptFor(tenant, 'b', { metadata: { colour: 'blue' } });
    const find = async (filter: object) =>
      (await listJobs(t.journal, { tenant, filter: { onlyTasks: null, metadata: {}, ...filter }, limit: 10 })).data.map(
        (job) => job.id,
      );
    expect(await find({ metadata: { colour: 'red' } })).toEqual([id]);
    expect(await find({ status: 'running' })).toEqual([]);
    await t.claim(id);
    expect(await find({ status: 'running', task: 'chat.completions' })).toEqual([id]);
  });

  async function acceptFor(tenant: string, key: string, extra = {}) {
    const job = await t.accept(`${tenant} ${key}`, extra);
    await t.redis.del(t.journal.keysOf(job.id).record);
    await t.journal.accept({ ...job, tenant });
    return job;
  }
});
