import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestJournal, type TestJournal } from '../../testing/journal.ts';
import { readJobContent, readJobDetails } from './read-job.ts';

let t: TestJournal;
beforeAll(async () => {
  t = await openTestJournal();
});
afterAll(() => t.close());

describe('a job as an admin sees it', () => {
  it('has its tenant, sizes and timeline, and its prompt and answer apart from them', async () => {
    const { id, request, requestText, digest } = await t.submit('seen');
    await t.writer(await t.claim(id)).complete('"done"', null);
    const details = await readJobDetails(t.journal, id);
    expect(details).toMatchObject({
      tenant: 'acme',
      job: { id, status: 'completed' },
      requestId: null,
      digest,
      copiedFrom: null,
      requestSize: requestText.length,
      outputSize: 6,
      textSize: null,
      timeline: { status: 'completed' },
    });
    expect(JSON.stringify(details)).not.toContain('done');
    expect(await readJobContent(t.journal, id)).toEqual({ request, output: 'done', outputText: 'done', cut: [] });
  });

  it('says which parts are too large to be shown', async () => {
    const { id } = await t.submit('large', { input: { model: 'sim', text: 'x'.repeat(1_100_000) } });
    const text = 'y'.repeat(1_100_000);
    await t.writer(await t.claim(id)).complete(JSON.stringify(text), null, { text });
    expect(await readJobContent(t.journal, id)).toEqual({
      request: null,
      output: null,
      outputText: null,
      cut: ['request', 'output', 'output_text'],
    });
    expect((await readJobDetails(t.journal, id))?.outputSize).toBe(1_100_002);
  });

  it('is null where there is none', async () => {
    expect([await readJobDetails(t.journal, 'job_never'), await readJobContent(t.journal, 'job_never')]).toEqual([
      null,
      null,
    ]);
  });
});
