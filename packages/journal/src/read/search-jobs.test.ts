import { Cell } from '@holdfast/cell';
import { jobIdFor } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { free, openTestJournal, type TestJournal } from '../../testing/journal.ts';
import { Journal } from '../journal.ts';
import { type JobFilter, type JournalCells, searchJobs } from './search-jobs.ts';

let t: TestJournal;
let other: Journal;
/** As if the tenants whose names begin with `x` lived in another cell. */
let cells: JournalCells;
beforeAll(async () => {
  t = await openTestJournal();
  const { redis, prefix, retentionMs } = t.journal.cell;
  other = new Journal(new Cell({ redis, prefix, name: '1', retentionMs }));
  const all = [{ journal: t.journal }, { journal: other }];
  cells = { all, of: (tenant) => ({ journal: journalOf(tenant) }) };
});
afterAll(() => t.close());

const journalOf = (tenant: string) => (tenant.startsWith('x') ? other : t.journal);

interface Submit {
  task?: string;
  lane?: string;
  metadata?: Record<string, string>;
}

async function submit(tenant: string, key: string, { lane = 'default', ...change }: Submit = {}): Promise<string> {
  const request = { task: 'chat.completions', input: { model: 'sim' }, ...change };
  const text = JSON.stringify(request);
  const id = jobIdFor(tenant, key);
  const job = { id, tenant, lane, request, requestText: text, digest: text, tokens: 10 };
  await journalOf(tenant).submit(job, free);
  return id;
}

/** Claims the job and fails it. */
async function fail(id: string, code: string): Promise<void> {
  const error = { code, message: 'No.', retryable: false };
  const changes = { error: JSON.stringify(error) };
  await t.writer(await t.claim(id)).end({ status: 'failed' }, 'job.failed', { error }, changes);
}

const idsOf = async (filter: JobFilter, limit = 100) =>
  (await searchJobs(cells, { filter, limit })).jobs.map(({ job }) => job.id);

/** All pages of a search. */
async function walk(filter: JobFilter, limit: number): Promise<string[]> {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await searchJobs(cells, { filter, limit, cursor });
    seen.push(...page.jobs.map(({ job }) => job.id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  return seen;
}

describe('a search over all tenants', () => {
  it('pages the jobs of all cells by their creation, none twice and none left out', async () => {
    const tag = { metadata: { test: 'pages' } };
    const ids: string[] = [];
    for (let at = 0; at < 60; at += 1) ids.push(await submit(at % 3 === 0 ? 'x1' : `a${at % 2}`, `page ${at}`, tag));
    const seen = await walk({ metadata: { test: 'pages' } }, 7);
    expect(new Set(seen)).toEqual(new Set(ids));
    expect(seen).toHaveLength(60);
    const { jobs } = await searchJobs(cells, { filter: tag, limit: 100 });
    const times = jobs.map(({ job }) => job.created_at);
    expect(times).toEqual(times.toSorted().reverse());
    expect(new Set(jobs.map(({ tenant }) => tenant))).toEqual(new Set(['x1', 'a0', 'a1']));
  });

  it('finds by each member of a filter, and by several', async () => {
    const metadata = { color: 'red', size: 'L' };
    const id = await submit('filters', 'k 1', { metadata, lane: 'slow', task: 'responses' });
    const plain = await submit('filters', 'k 2');
    const tenant = 'filters';
    expect(await idsOf({ id })).toEqual([id]);
    expect(await idsOf({ key: 'k 1', tenant })).toEqual([id]);
    expect(await idsOf({ key: 'k 1', tenant: 'x-another' })).toEqual([]);
    expect(await idsOf({ id, tenant: 'x-another' })).toEqual([]);
    expect(await idsOf({ tenant })).toHaveLength(2);
    expect(await idsOf({ lane: 'slow' })).toEqual([id]);
    expect(await idsOf({ task: 'responses' })).toEqual([id]);
    expect(await idsOf({ metadata: { color: 'red' } })).toEqual([id]);
    expect(await idsOf({ metadata: { color: 'red', size: 'S' } })).toEqual([]);
    await t.claim(id);
    expect(await idsOf({ tenant, status: 'running' })).toEqual([id]);
    expect(await idsOf({ status: 'running', lane: 'slow' })).toEqual([id]);
    expect(await idsOf({ tenant, status: 'queued' })).toEqual([plain]);
    await expect(idsOf({ key: 'k 1' })).rejects.toMatchObject({ code: 'validation_failed' });
  });

  it('finds failed jobs by their error, until they are retried or deleted', async () => {
    const [one, two] = [await submit('fails', '1'), await submit('fails', '2')];
    await fail(one, 'provider_bad_request');
    await fail(two, 'task_error');
    expect(await idsOf({ status: 'failed' })).toEqual([two, one]);
    expect(await idsOf({ errorCode: 'task_error' })).toEqual([two]);
    expect(await idsOf({ status: 'failed', tenant: 'fails', errorCode: 'provider_bad_request' })).toEqual([one]);
    const { job } = (await t.journal.get(one)) ?? {};
    if (job) await t.journal.retry(job, free);
    await t.journal.delete(two);
    expect(await idsOf({ status: 'failed' })).toEqual([]);
    expect(await idsOf({ tenant: 'fails' })).toEqual([one]);
  });

  it('finds by the time of creation', async () => {
    const tenant = 'times';
    const made: { id: string; at: number }[] = [];
    for (const key of ['1', '2', '3']) {
      const id = await submit(tenant, key);
      const at = Number(await t.redis.hget(t.journal.keysOf(id).record, 'created_at')) - 10_000 * (3 - Number(key));
      await t.redis.hset(t.journal.keysOf(id).record, 'created_at', at);
      for (const list of [t.journal.cell.keys.jobs, t.journal.cell.keys.tenantJobs(tenant)])
        await t.redis.zadd(list, at, id);
      made.push({ id, at });
    }
    const [first, second, third] = made;
    if (!first || !second || !third) throw new Error('three were made');
    expect(await idsOf({ tenant, createdFrom: second.at })).toEqual([third.id, second.id]);
    expect(await idsOf({ tenant, createdTo: second.at })).toEqual([second.id, first.id]);
    expect(await idsOf({ createdFrom: first.at, createdTo: second.at })).toEqual([second.id, first.id]);
    expect(await idsOf({ tenant, status: 'queued', createdTo: first.at })).toEqual([first.id]);
  });

  it('reads no more than 2,000 records for a page, says how far it came, and goes on from there', async () => {
    const tenant = 'many';
    const at = Date.now() - 100_000;
    const id = await submit(tenant, 'the oldest');
    const { keys } = t.journal.cell;
    await t.redis.zadd(keys.tenantJobs(tenant), at, id);
    // Their records have expired.
    const gone = Array.from({ length: 2_500 }, (_, number) => [at + 1 + number, jobIdFor(tenant, `gone ${number}`)]);
    await t.redis.zadd(keys.tenantJobs(tenant), ...gone.flat());
    const page = await searchJobs(cells, { filter: { tenant, task: 'chat.completions' }, limit: 5 });
    expect(page).toMatchObject({ jobs: [], nextCursor: expect.any(String), scannedTo: expect.any(String) });
    expect(Date.parse(page.scannedTo ?? '')).toBeLessThan(at + 600);
    const rest = await searchJobs(cells, { filter: { tenant }, limit: 5, cursor: page.nextCursor ?? '' });
    expect(rest.jobs.map(({ job }) => job.id)).toEqual([id]);
    expect(rest).toMatchObject({ nextCursor: null, scannedTo: null });
  });

  it('refuses the cursor of a search by another list', async () => {
    await submit('cursors', '1');
    await submit('cursors', '2');
    const { nextCursor } = await searchJobs(cells, { filter: { tenant: 'cursors' }, limit: 1 });
    const search = searchJobs(cells, { filter: {}, limit: 1, cursor: nextCursor ?? '' });
    await expect(search).rejects.toMatchObject({ code: 'invalid_cursor' });
  });
});
