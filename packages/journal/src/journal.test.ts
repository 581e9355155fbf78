import { scripts } from '@holdfast/cell';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { free, openTestJournal, type TestJournal } from '../testing/journal.ts';
import { claimedRecord } from './claim.ts';
import { listJobs } from './read/list-jobs.ts';
import { callField } from './write/call-record.ts';

let t: TestJournal;
beforeAll(async () => {
  t = await openTestJournal();
});
afterAll(() => t.close());

describe('submit', () => {
  it('makes one job of one id, and returns the digest of the first submit to all others', async () => {
    const job = await t.submit('once');
    const reply = await t.journal.submit({ ...job, digest: 'other' }, free);
    expect(reply).toMatchObject({ kind: 'found', found: { tenant: 'acme', digest: job.digest, job: { id: job.id } } });
    expect((await t.journal.get(job.id))?.job).toMatchObject({ status: 'queued', attempt: 0, cursor: 1 });
    expect(await t.journal.requestText(job.id)).toBe(job.requestText);
    expect(await t.logOf(job.id)).toBe(
      'id: 1\nevent: job.accepted\ndata: {"task":"chat.completions","lane":"default"}\n\n',
    );
  });

  it('of many at once creates one job, and finds it for the others', async () => {
    const job = { ...(await t.submit('pattern')), id: 'job_at_once' };
    const replies = await Promise.all(Array.from({ length: 20 }, () => t.journal.submit(job, free)));
    expect(replies.map(({ kind }) => kind).sort()).toEqual(['created', ...Array(19).fill('found')]);
  });

  it('shows the job as it is read afterwards', async () => {
    const job = { ...(await t.submit('pattern')), id: 'job_shown' };
    const request = { ...job.request, priority: 3, delay_ms: 60_000, deadline_ms: 90_000, metadata: { color: 'red' } };
    const reply = await t.journal.submit({ ...job, request }, free);
    if (reply.kind !== 'created') throw new Error(reply.kind);
    expect(reply).toMatchObject({ queue: 'default', result: 'accepted', unblocked: [] });
    expect(reply.job).toEqual((await t.journal.get('job_shown'))?.job);
    expect(reply.job).toMatchObject({ priority: 3, metadata: { color: 'red' } });
  });

  it('that is refused leaves no job behind', async () => {
    const job = { ...(await t.submit('pattern')), id: 'job_refused' };
    const limits = { max_queued: 1, requests_per_minute: 5 };
    const reply = await t.journal.submit(job, { limits, estimateUsd: null });
    expect(reply).toMatchObject({
      kind: 'refused',
      refusal: { limit: 'queued' },
      requests: { limit: 5, remaining: 5 },
    });
    expect(await t.journal.find(job.id)).toBeNull();
    expect(await t.redis.keys(`${t.journal.keysOf(job.id).record}*`)).toEqual([]);
  });

  it('shows when the job is due and when it has to be done, by Redis’ clock, until it is run again', async () => {
    expect((await t.journal.get((await t.submit('plain')).id))?.job).toMatchObject({
      priority: 0,
      due_at: null,
      deadline_at: null,
    });
    const { id } = await t.submit('timed', { priority: -7, delay_ms: 5_000, deadline_ms: 60_000 });
    const { job } = (await t.journal.get(id)) ?? {};
    const after = (time: string | null | undefined) => Date.parse(time ?? '') - Date.parse(job?.created_at ?? '');
    expect([job?.priority, after(job?.due_at), after(job?.deadline_at)]).toEqual([-7, 5_000, 60_000]);
    await t.journal.cancel(id);
    if (job) await t.journal.retry(job, free);
    expect((await t.journal.get(id))?.job).toMatchObject({ priority: -7, due_at: null, deadline_at: null });
  });

  it('lists the job as open and as its tenant’s', async () => {
    const { id } = await t.submit('listed');
    expect(await t.redis.zscore(t.journal.cell.keys.open, id)).not.toBeNull();
    const listed = await listJobs(t.journal, { tenant: 'acme', filter: { onlyTasks: null, metadata: {} }, limit: 100 });
    expect(listed.data.map((job) => job.id)).toContain(id);
  });
});

describe('find', () => {
  it('finds what an id names, and null where that is nothing', async () => {
    const { id, digest } = await t.submit('found');
    expect(await t.journal.find(id)).toMatchObject({ tenant: 'acme', digest, job: { id, status: 'queued' } });
    expect(await t.journal.find('job_never')).toBeNull();
    expect(await t.journal.get('job_never')).toBeNull();
    expect(await t.journal.getSummaries([id, 'job_never'])).toMatchObject([{ job: { id } }, null]);
  });
});

describe('get', () => {
  it.each([10, 16_384, 200_000])('shows an answer of %i characters whole; lists and finds show none', async (size) => {
    const { id } = await t.submit(`answer of ${size}`);
    const output = { text: 'ä'.repeat(size) };
    const changes = { output: JSON.stringify(output), copied_input_tokens: 3, copied_output_tokens: 4 };
    await t.writer(await t.claim(id)).end({ status: 'completed' }, 'job.completed', { output, usage: null }, changes);
    const usage = { input_tokens: 3, output_tokens: 4, cost_usd: 0, estimated: false, cached: true };
    expect((await t.journal.get(id))?.job).toMatchObject({ output, usage });
    expect((await t.journal.find(id))?.job).not.toHaveProperty('output');
    expect((await t.journal.getSummaries([id]))[0]?.job).not.toHaveProperty('output');
  });

  it('shows the text of a job that ended without an answer', async () => {
    const { id } = await t.submit('text only');
    const error = { code: 'x', message: 'y', retryable: false };
    const changes = { text: 'so far', error: JSON.stringify(error) };
    await t.writer(await t.claim(id)).end({ status: 'failed' }, 'job.failed', { error }, changes);
    expect((await t.journal.get(id))?.job).toMatchObject({ output: null, output_text: 'so far', error });
  });
});

/** A new release of the job, as for a hand-over that was lost. Its lane, or null. */
const handOverAgain = (jobId: string, release: number, attempt: number) =>
  scripts.handOverAgain.run(t.journal.cell, [jobId, release, attempt, '']);

const openCall = { provider: 'main', keyVersion: 0, visible: true, emitted: 0, response: null, cost: null };

describe('claim', () => {
  it('raises the attempt, and counts a crash when the job was found running', async () => {
    const { id } = await t.submit('claimed');
    expect(await t.claim(id)).toMatchObject({ attempt: 1, seq: 1, crashes: 0 });
    expect(await t.claim(id)).toMatchObject({ attempt: 2, seq: 1, crashes: 1 });
  });

  it('makes void what maintenance found before it: the release was not lost, only late', async () => {
    const { id } = await t.submit('late');
    const release = await t.releaseOf(id);
    await t.claim(id);
    expect(await handOverAgain(id, release, 0)).toBeNull();
    expect(await handOverAgain(id, release, 1)).toBe('default');
    expect(await t.releaseOf(id)).toBeGreaterThan(release);
  });

  it('counts once when it is sent again after a lost reply', async () => {
    const { id } = await t.submit('claimed again');
    const release = await t.releaseOf(id);
    const send = async (token: string) => {
      const reply = await scripts.claim.run(t.journal.cell, [id, release, token]);
      const [kind, , , values] = reply as [string, string, string, string[]];
      const { attempt, seq, crashes } = claimedRecord(values);
      return [kind, Number(attempt), Number(seq), Number(crashes)];
    };
    expect(await send('one')).toEqual(['claimed', 1, 1, 0]);
    expect(await send('one')).toEqual(['claimed', 1, 1, 0]);
    expect(await send('other')).toEqual(['claimed', 2, 1, 1]);
  });

  it('refuses an older release, an ended job and an unknown one', async () => {
    const { id } = await t.submit('stale');
    const release = await t.releaseOf(id);
    expect(await handOverAgain(id, release, 0)).toBe('default');
    expect(await handOverAgain(id, release, 0)).toBeNull();
    expect(await t.journal.claim(id, release)).toEqual({ kind: 'stale' });
    await t.journal.cancel(id);
    expect(await t.journal.claim(id, await t.releaseOf(id))).toEqual({ kind: 'ended' });
    expect(await t.journal.claim('job_unknown', 1)).toEqual({ kind: 'missing' });
  });

  it('is answered although the server doesn’t know the script, and reads what is stored after it', async () => {
    const { id } = await t.submit('unloaded');
    const writer = t.writer(await t.claim(id));
    writer.write('text.delta', { text: 'x' }, callField('', { ...openCall, emitted: 1 }));
    await writer.flushed();
    await t.redis.script('FLUSH');
    expect((await t.claim(id)).calls.open.get('')).toMatchObject({ emitted: 1 });
  });

  it('gives what was asked for, and who asked', async () => {
    const job = await t.submit('described', { input: { model: 'sim', messages: [] } });
    expect(await t.claim(job.id)).toMatchObject({
      tenant: 'acme',
      lane: 'default',
      queue: 'default',
      tokens: 10,
      shared: null,
      cancelRequested: false,
      request: job.request,
      deadlineInMs: null,
      reservedUsd: 0,
    });
  });

  it('returns the time until the deadline', async () => {
    const { id } = await t.submit('deadline', { deadline_ms: 60_000 });
    const { deadlineInMs } = await t.claim(id);
    expect(deadlineInMs).toBeGreaterThan(50_000);
    expect(deadlineInMs).toBeLessThanOrEqual(60_000);
  });
});
