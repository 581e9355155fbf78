import { jobSummarySchema } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from '../../testing/api.ts';

let api: TestApi;
let jobId: string;
beforeAll(async () => {
  api = await startTestApi();
  const begun = await api.begin('answered');
  jobId = begun.jobId;
  const changes = { output: JSON.stringify('a long answer') };
  await begun.writer.end({ status: 'completed' }, 'job.completed', { output: 'a long answer', usage: null }, changes);
});
afterAll(() => api.end());

const list = async (query = '') => (await (await api.fetch(`/v1/jobs${query}`)).json()) as { data: object[] };

describe('a list of jobs', () => {
  it.each(['', '?status=completed', '?idempotency_key=answered'])(
    '%s shows all of a job but its answer',
    async (query) => {
      const { data } = await list(query);
      expect(data).toEqual([expect.objectContaining({ id: jobId, status: 'completed' })]);
      expect(Object.keys(data[0] ?? {}).sort()).toEqual(Object.keys(jobSummarySchema.shape).sort());
      expect(jobSummarySchema.parse(data[0])).toEqual(data[0]);
      expect(JSON.stringify(data)).not.toContain('a long answer');
    },
  );

  it('leads to the answer by the id of the job', async () => {
    const job = await (await api.fetch(`/v1/jobs/${jobId}`)).json();
    expect(job).toMatchObject({ id: jobId, output: 'a long answer', output_text: 'a long answer' });
  });
});
