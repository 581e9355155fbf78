/** Jobs of the archive, beside those that Redis has, through the console and a real PostgreSQL. */
import type { JobPage } from '@holdfast/admin';
import { type ArchiveDatabase, writeChanges } from '@holdfast/archive';
import { jobIdFor } from '@holdfast/core';
import { HistoryRecorder } from '@holdfast/history';
import { Journal } from '@holdfast/journal';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  endedJob,
  openArchive,
  startTestPostgres,
  type TestPostgres,
} from '../../../../packages/archive/testing/postgres.ts';
import { startConsole, type TestConsole } from '../../testing/console.ts';

const [first, second, third] = ['one', 'two', 'three'].map((key) => jobIdFor('acme', key)) as [string, string, string];
const inRedis = jobIdFor('acme', 'in-redis');
const error = { code: 'provider_bad_request', message: 'it quotes the prompt', retryable: false };

const silent = { debug() {}, info() {}, warn() {}, error() {} };

let postgres: TestPostgres;
let archive: ArchiveDatabase;
let running: TestConsole;
let viewerKey: string;
beforeAll(async () => {
  postgres = await startTestPostgres();
  running = await startConsole({ ARCHIVE_URL: postgres.url });
  archive = openArchive(postgres, running.prefix);
  const content = { request: '{"task":"chat.completions","input":{"model":"sim"}}', output: '"the answer"' };
  const ended = [
    endedJob(first, 1, content),
    endedJob(second, 2, { job: { status: 'failed', error } }),
    endedJob(third, 3, { job: { metadata: { batch: 'b' } } }),
    endedJob(inRedis, 4),
  ];
  await writeChanges(archive, '0', async () => ({ ended, deleted: [] }));
  // The newest is in Redis, too, as it is during the retention.
  const request = { task: 'chat.completions', input: { model: 'sim' } };
  const described = { id: inRedis, tenant: 'acme', lane: 'default', request, requestText: JSON.stringify(request) };
  const journal = new Journal(running.cell);
  await journal.submit({ ...described, digest: 'd', tokens: 1 }, { limits: {}, estimateUsd: null });
  await journal.cancel(inRedis);
  viewerKey = (await admin().call('createUser', { body: { name: 'viewer', role: 'viewer' } })).key;
});
afterAll(async () => {
  await archive?.close();
  await running?.cleanUp();
  await postgres?.close();
});

const admin = () => running.as({ key: running.adminKey });
const find = async (query: Record<string, string>) => {
  const { data, archived } = await admin().call('searchJobs', { query });
  expect(archived).toBe(true);
  return data.map(({ id, from }) => `${from} ${id}`);
};

describe('a search', () => {
  it('goes on in the archive where Redis has no more, and shows no job twice', async () => {
    const all = [`redis ${inRedis}`, `archive ${third}`, `archive ${second}`, `archive ${first}`];
    expect(await find({})).toEqual(all);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: JobPage = await admin().call('searchJobs', { query: { limit: '2', ...(cursor ? { cursor } : {}) } });
      expect(page.data.length).toBeLessThanOrEqual(2);
      seen.push(...page.data.map(({ id, from }) => `${from} ${id}`));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(all);
  });

  it('is filtered there as in Redis', async () => {
    expect(await find({ status: 'failed' })).toEqual([`archive ${second}`]);
    expect(await find({ error_code: 'provider_bad_request' })).toEqual([`archive ${second}`]);
    expect(await find({ 'metadata.batch': 'b' })).toEqual([`archive ${third}`]);
    expect(await find({ id: first })).toEqual([`archive ${first}`]);
    expect(await find({ tenant: 'acme', key: 'two' })).toEqual([`archive ${second}`]);
    expect(await find({ tenant: 'other' })).toEqual([]);
    expect(await find({ status: 'queued' })).toEqual([]);
    const at = (await admin().call('job', { params: { id: second } })).created_at;
    expect(await find({ created_from: at, created_to: at })).toEqual([`archive ${second}`]);
  });
});

describe('an archived job', () => {
  it('is shown with its content, to those who may see it', async () => {
    expect(await admin().call('job', { params: { id: first } })).toMatchObject({ id: first, from: 'archive' });
    expect(await admin().call('jobContent', { params: { id: first } })).toEqual({
      request: { task: 'chat.completions', input: { model: 'sim' } },
      output: 'the answer',
      output_text: 'the answer',
      cut: [],
    });
    expect(await admin().call('jobContent', { params: { id: third } })).toMatchObject({ request: null, output: null });
    const viewer = running.as({ key: viewerKey });
    const shown = await viewer.call('job', { params: { id: second } });
    expect([shown.error?.code, shown.error?.message]).toEqual([
      'provider_bad_request',
      'Only the roles operator and admin see the message.',
    ]);
    await expect(viewer.call('jobContent', { params: { id: first } })).rejects.toMatchObject({ code: 'forbidden' });
    expect((await admin().call('job', { params: { id: second } })).error).toMatchObject(error);
  });

  it('is forgotten in the archive, and one that is in both in both', async () => {
    await admin().call('deleteJob', { params: { id: third } });
    await expect(admin().call('job', { params: { id: third } })).rejects.toMatchObject({ code: 'job_not_found' });
    await admin().call('deleteJob', { params: { id: inRedis } });
    await expect(admin().call('job', { params: { id: inRedis } })).rejects.toMatchObject({ code: 'job_not_found' });
    expect(await find({})).toEqual([`archive ${second}`, `archive ${first}`]);
    const { data } = await admin().call('audit', { query: { target: third, action: 'job.delete' } });
    expect(data).toEqual([expect.objectContaining({ tenant: 'acme', outcome: 'done' })]);
  });
});

describe('failures', () => {
  it('whose jobs Redis no longer has name those of the archive', async () => {
    const now = new Date().toISOString();
    const lately = endedJob(third, 5, { job: { status: 'failed', error, finished_at: now } });
    await writeChanges(archive, '0', async () => ({ ended: [lately], deleted: [] }));
    const history = new HistoryRecorder({ redis: running.redis, prefix: running.prefix, logger: silent });
    const ended = { tenant: 'acme', task: 'chat.completions', lane: 'default', seconds: 1 };
    history.ended({ ...ended, outcome: 'failed', code: error.code, provider: null });
    await history.close();
    const { groups } = await admin().call('failures', { query: { range: '1h' } });
    expect(groups).toEqual([
      expect.objectContaining({ code: error.code, count: 1, newest: [expect.objectContaining({ id: third })] }),
    ]);
    const hidden = await running.as({ key: viewerKey }).call('failures', { query: { range: '1h' } });
    expect(hidden.groups[0]?.newest[0]?.message).toBe('Only the roles operator and admin see the message.');
    await admin().call('deleteJob', { params: { id: third } });
  });
});

describe('without PostgreSQL', () => {
  it('requests that need the archive are refused, and all others answered', async () => {
    await postgres.kill();
    await expect(admin().call('job', { params: { id: first } })).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(admin().call('searchJobs', {})).rejects.toMatchObject({ code: 'store_unavailable' });
    await admin().call('lanes', {});
    await postgres.start();
    expect(await admin().call('job', { params: { id: first } })).toMatchObject({ from: 'archive' });
  });
});
