/** The archive on a real PostgreSQL. */
import { AttemptError, type JobSummary, RequestError } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../../core/testing/until.ts';
import { endedJob, openArchive, startTestPostgres, type TestPostgres } from '../testing/postgres.ts';
import {
  type ArchiveChanges,
  type ArchiveDatabase,
  type ArchiveFilter,
  deleteOld,
  type EndedJob,
  failuresOf,
  forget,
  getContent,
  getJob,
  search,
  usageOf,
  writeChanges,
} from './index.ts';

let postgres: TestPostgres;
const opened: ArchiveDatabase[] = [];
let prefixes = 0;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(async () => {
  await Promise.all(opened.map((database) => database.close()));
  await postgres?.close();
});

/** An empty archive. */
function newArchive(prefix = `p${++prefixes}`): ArchiveDatabase {
  const database = openArchive(postgres, prefix);
  opened.push(database);
  return database;
}

const batch =
  (ended: EndedJob[], deleted: string[] = []) =>
  async (): Promise<ArchiveChanges> => ({ ended, deleted });
const write = (database: ArchiveDatabase, ...ended: EndedJob[]) => writeChanges(database, '0', batch(ended));
const ids = async (database: ArchiveDatabase, filter: ArchiveFilter = {}) =>
  (await search(database, filter)).jobs.map(({ job }) => job.id);

const failure = (code: 'provider_timeout' | 'task_error', provider?: string): Partial<JobSummary> => ({
  status: 'failed',
  error: { ...new AttemptError(code, 'It failed.').toJobError(), ...(provider ? { provider } : {}) },
});

const trace = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), isSampled: true };

describe('a job in the archive', () => {
  it('is read as it was written', async () => {
    const archive = newArchive();
    const full = endedJob('a', 1, {
      job: {
        ...failure('provider_timeout', 'main'),
        metadata: { user: 'ü"\\' },
        deadline_at: '2026-02-03T04:05:06.789Z',
      },
      trace,
      timeline: { attempts: [1] },
      request: '{"input":"\\u0000 ü"}',
      output: '"\\ud800"',
    });
    const unknown = endedJob('b', 2, { job: { usage: null, started_at: null }, costNano: null });
    const cached = endedJob('c', 3, {
      job: { usage: { input_tokens: 3, output_tokens: 2, cost_usd: 0, estimated: false, cached: true } },
      costNano: 0,
      avoidedNano: 12_000_000_007,
    });
    await write(archive, full, unknown, cached);
    expect(await getJob(archive, 'a')).toEqual({
      tenant: 'acme',
      job: full.job,
      trace,
      timeline: { attempts: [1] },
    });
    expect(await getContent(archive, 'a')).toEqual({ request: full.request, output: full.output });
    expect((await getJob(archive, 'b'))?.job).toEqual(unknown.job);
    expect((await getJob(archive, 'c'))?.job).toEqual(cached.job);
    expect(await getContent(archive, 'c')).toEqual({ request: null, output: null });
    expect([await getJob(archive, 'z'), await getContent(archive, 'z')]).toEqual([null, null]);
  });

  it('is one row, the newest run, however often it is written', async () => {
    const archive = newArchive();
    await write(archive, endedJob('a', 1, { job: failure('task_error') }));
    const again = endedJob('a', 1, { job: { attempt: 2, finished_at: '2026-01-02T00:00:00.000Z' } });
    expect(await write(archive, again)).toEqual({ written: 1, forgotten: 0, refused: [] });
    await write(archive, again);
    expect(await ids(archive)).toEqual(['a']);
    expect((await getJob(archive, 'a'))?.job).toEqual(again.job);
    expect(await ids(archive, { errorCode: 'task_error' })).toEqual([]);
  });

  it('belongs to one installation: another one with the same ids has its own', async () => {
    const [one, other] = [newArchive(), newArchive()];
    await write(one, endedJob('a'));
    expect(await getJob(other, 'a')).toBeNull();
    await write(other, endedJob('a', 0, { tenant: 'other' }));
    expect(await forget(other, '0', 'a')).toBe(true);
    expect((await getJob(one, 'a'))?.tenant).toBe('acme');
  });

  it('is written even if its metadata or its error holds what jsonb refuses', async () => {
    const archive = newArchive();
    const error = { code: 'task_error', message: 'NUL \0, half \ud800', retryable: false };
    const job: Partial<JobSummary> = { status: 'failed', error, metadata: { 'a\0': '\udc00 b' } };
    expect(await write(archive, endedJob('a', 0, { job }))).toMatchObject({ written: 1, refused: [] });
    expect((await getJob(archive, 'a'))?.job).toMatchObject({
      error: { message: 'NUL \uFFFD, half \uFFFD' },
      metadata: { 'a\uFFFD': '\uFFFD b' },
    });
  });

  it('keeps no others out if PostgreSQL refuses it', async () => {
    const archive = newArchive();
    const tooLarge = endedJob('bad', 0, { job: { provider_calls: 2 ** 40 } });
    const written = await write(archive, endedJob('a'), tooLarge, endedJob('b'));
    expect(written).toEqual({
      written: 2,
      forgotten: 0,
      refused: [{ id: 'bad', reason: expect.stringContaining('range') }],
    });
    expect(await ids(archive)).toEqual(['b', 'a']);
  });
});

describe('a deleted job', () => {
  it('is forgotten with its content, and a new one of the same id is not', async () => {
    const archive = newArchive();
    await write(archive, endedJob('a', 0, { request: '"secret"' }), endedJob('b'), endedJob('c'));
    expect(await forget(archive, '0', 'a')).toBe(true);
    expect(await forget(archive, '0', 'a')).toBe(false);
    const changes = batch([endedJob('b', 1)], ['b', 'c', 'unknown']);
    expect(await writeChanges(archive, '0', changes)).toEqual({ written: 1, forgotten: 2, refused: [] });
    expect(await ids(archive)).toEqual(['b']);
    expect(await postgres.query(`SELECT id FROM holdfast_jobs WHERE request LIKE '%secret%'`)).toEqual([]);
  });

  it('does not come back with a batch that was read before it was forgotten', async () => {
    const archive = newArchive();
    await write(archive, endedJob('a'));
    const [isRead, mayWrite] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const writing = writeChanges(archive, '0', async () => {
      isRead.resolve();
      await mayWrite.promise;
      return { ended: [endedJob('a')], deleted: [] };
    });
    await isRead.promise;
    // Another process doesn't even read.
    expect(await writeChanges(newArchive(archive.prefix), '0', () => Promise.reject(new Error('read')))).toBeNull();
    const forgetting = forget(archive, '0', 'a');
    await until('it waits', () =>
      postgres
        .query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`)
        .then(({ length }) => length > 0),
    );
    mayWrite.resolve();
    await writing;
    expect(await forgetting).toBe(true);
    expect(await ids(archive)).toEqual([]);
  });
});

describe('old jobs', () => {
  it('are deleted, in batches, and only those', async () => {
    const archive = newArchive();
    await write(archive, ...Array.from({ length: 1_100 }, (_, at) => endedJob(`old-${at}`, 0)), endedJob('new', 60));
    const before = new Date(Date.UTC(2026, 0, 1, 0, 30));
    expect(await deleteOld(archive, before, 1)).toBe(1_000);
    expect(await deleteOld(archive, before)).toBe(100);
    expect(await deleteOld(archive, before)).toBe(0);
    expect(await ids(archive)).toEqual(['new']);
  });
});

describe('search', () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));

  it('finds jobs by each filter, and by all of them together', async () => {
    const archive = newArchive();
    const other = endedJob('b', 2, {
      tenant: 'beta',
      job: { ...failure('task_error'), task: 'own', lane: 'slow', metadata: { a: '1', b: '2' } },
    });
    await write(archive, endedJob('a', 1, { job: { metadata: { a: '1' } } }), other, endedJob('c', 3));
    const filters: ArchiveFilter[] = [
      { id: 'b' },
      { tenant: 'beta' },
      { task: 'own' },
      { lane: 'slow' },
      { status: 'failed' },
      { errorCode: 'task_error' },
      { metadata: { b: '2' } },
      { createdFrom: at(2), createdTo: at(3) },
    ];
    for (const filter of filters) expect(await ids(archive, filter)).toEqual(['b']);
    expect(await ids(archive, Object.assign({}, ...filters))).toEqual(['b']);
    expect(await ids(archive, { metadata: { a: '1' } })).toEqual(['b', 'a']);
    expect(await ids(archive, { metadata: { a: '1', b: '1' } })).toEqual([]);
    expect(await ids(archive, { tenant: 'beta', lane: 'default' })).toEqual([]);
  });

  it('gives all jobs in pages, newest first, also those of the same millisecond, while others come', async () => {
    const archive = newArchive();
    const jobs = Array.from({ length: 25 }, (_, number) =>
      endedJob(`job-${String(number).padStart(2, '0')}`, number >> 3),
    );
    await write(archive, ...jobs);
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await search(archive, {}, { cursor, limit: 4 });
      found.push(...page.jobs.map(({ job }) => job.id));
      cursor = page.nextCursor;
      await write(archive, endedJob(`later-${found.length}`, 100));
    } while (cursor !== null);
    expect(found).toEqual(jobs.map(({ job }) => job.id).reverse());
  });

  it('refuses a cursor that it has not made', async () => {
    const archive = newArchive();
    for (const cursor of [
      'x',
      '',
      Buffer.from('1.').toString('base64url'),
      Buffer.from("1.a'b").toString('base64url'),
    ]) {
      const asked = search(archive, {}, { cursor });
      await expect(asked).rejects.toThrow(RequestError);
      await expect(asked).rejects.toMatchObject({ code: 'invalid_cursor' });
    }
  });
});

describe('usage and failures', () => {
  const day = { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2026-01-02T00:00:00Z') };

  it('adds up what jobs have used, exactly, by tenant, task or lane, and by hour or day of their end', async () => {
    const archive = newArchive();
    const copied = { input_tokens: 3, output_tokens: 2, cost_usd: 0, estimated: false, cached: true };
    await write(
      archive,
      ...Array.from({ length: 10 }, (_, number) => endedJob(`a-${number}`, 0, { costNano: 100_000_001 })),
      endedJob('late', 61, { costNano: 7, job: failure('task_error') }),
      endedJob('copied', 0, { job: { usage: copied }, costNano: 0, avoidedNano: 9 }),
      endedJob('other', 0, { tenant: 'beta', costNano: null }),
      endedJob('next day', 1_440),
    );
    const acme = { name: 'acme', inputTokens: 30, outputTokens: 20, cost: '1.000000010', avoided: '0.000000009' };
    expect(await usageOf(archive, { ...day, by: 'hour', group: 'tenant' })).toEqual([
      { ...acme, at: day.from, jobs: 11, failed: 0, calls: 11 },
      {
        at: day.from,
        name: 'beta',
        jobs: 1,
        failed: 0,
        calls: 1,
        inputTokens: 3,
        outputTokens: 2,
        cost: '0.000000000',
        avoided: '0.000000000',
      },
      {
        at: new Date('2026-01-01T01:00:00Z'),
        name: 'acme',
        jobs: 1,
        failed: 1,
        calls: 1,
        inputTokens: 3,
        outputTokens: 2,
        cost: '0.000000007',
        avoided: '0.000000000',
      },
    ]);
    const ofDay = await usageOf(archive, { ...day, by: 'day', group: 'lane', tenant: 'acme' });
    expect(ofDay).toMatchObject([{ at: day.from, name: 'default', jobs: 12, cost: '1.000000017' }]);
    expect(await usageOf(archive, { ...day, by: 'day', group: 'task' })).toMatchObject([
      { name: 'chat.completions', jobs: 13 },
    ]);
  });

  it('groups failures by code, lane and provider, with the newest of each', async () => {
    const archive = newArchive();
    await write(
      archive,
      ...Array.from({ length: 7 }, (_, number) =>
        endedJob(`t-${number}`, number, { job: failure('provider_timeout', 'main') }),
      ),
      endedJob('s', 1, { job: { ...failure('provider_timeout', 'main'), lane: 'slow' } }),
      endedJob('e', 2, { job: failure('task_error') }),
      endedJob('ok', 3),
      endedJob('old', 2_000, { job: failure('task_error') }),
    );
    const groups = await failuresOf(archive, day);
    expect(groups.map(({ code, lane, provider, count }) => [code, lane, provider, count])).toEqual([
      ['provider_timeout', 'default', 'main', 7],
      ['provider_timeout', 'slow', 'main', 1],
      ['task_error', 'default', null, 1],
    ]);
    expect(groups[0]?.newest.map(({ id }) => id)).toEqual(['t-6', 't-5', 't-4', 't-3', 't-2']);
    expect(groups[2]?.newest).toEqual([
      {
        id: 'e',
        tenant: 'acme',
        task: 'chat.completions',
        finishedAt: new Date(Date.UTC(2026, 0, 1, 0, 2)),
        message: 'It failed.',
      },
    ]);
  });
});
