import { jobIdFor } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { free, openTestJournal, type TestJournal } from '../../testing/journal.ts';
import { listJobs } from './list-jobs.ts';

let t: TestJournal;
beforeAll(async () => {
  t = await openTestJournal();
});
afterAll(() => t.close());

describe('listJobs', () => {
  it('pages newest first without repeating or leaving out any, many of them within one millisecond', async () => {
    const tenant = 'paged';
    const ids = await Promise.all(
      Array.from({ length: 230 }, async (_, at) => (await submitFor(tenant, `page ${at}`)).id),
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
    const { id } = await submitFor(tenant, 'a', { metadata: { color: 'red' } });
    await submitFor(tenant, 'b', { metadata: { color: 'blue' } });
    const find = async (filter: object) =>
      (await listJobs(t.journal, { tenant, filter: { onlyTasks: null, metadata: {}, ...filter }, limit: 10 })).data.map(
        (job) => job.id,
      );
    expect(await find({ metadata: { color: 'red' } })).toEqual([id]);
    expect(await find({ status: 'running' })).toEqual([]);
    await t.claim(id);
    expect(await find({ status: 'running', task: 'chat.completions' })).toEqual([id]);
  });

  async function submitFor(tenant: string, key: string, extra = {}) {
    const request = { task: 'chat.completions', input: { model: 'sim' }, ...extra };
    const text = JSON.stringify(request);
    const described = { lane: 'default', request, requestText: text, digest: text, tokens: 10 };
    const job = { ...described, id: jobIdFor(tenant, key), tenant };
    await t.journal.submit(job, free);
    return job;
  }
});
