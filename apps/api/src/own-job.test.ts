import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterEach(() => api.actAs({}));
afterAll(() => api.end());

interface Shown {
  id: string;
  status: string;
  output: unknown;
  output_text: string | null;
  error: object | null;
}

async function submit(task: string, input: object, key: string): Promise<Response> {
  return api.fetch('/v1/jobs', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ task, input }),
  });
}

const json = async (response: Response) => (await response.json()) as Shown;

describe('to a key that is limited to tasks', () => {
  it('a job of another task is not there: not by its id, its idempotency key, nor in a list', async () => {
    const mine = await json(await submit('summarize', { text: 'Short.' }, 'mine'));
    const { jobId: other, writer } = await api.begin('other');
    await writer.end('failed', 'job.failed', { error: { code: 'task_error', message: 'secret', retryable: false } });
    api.actAs({ tasks: ['summarize', 'extract'] });

    const calls: [string, string][] = [
      ['GET', ''],
      ['GET', '/events'],
      ['POST', '/cancel'],
      ['POST', '/retry'],
      ['DELETE', ''],
    ];
    for (const [method, path] of calls) {
      const response = await api.fetch(`/v1/jobs/${other}${path}`, { method });
      expect([method, path, response.status]).toEqual([method, path, 404]);
      expect(await response.json()).toMatchObject({ code: 'job_not_found' });
    }
    const list = async (query = '') =>
      ((await (await api.fetch(`/v1/jobs${query}`)).json()) as { data: Shown[] }).data.map(({ id }) => id);
    expect(await list()).toEqual([mine.id]);
    expect(await list('?task=chat.completions')).toEqual([]);
    expect(await list('?idempotency_key=other')).toEqual([]);
    expect(await list('?idempotency_key=mine')).toEqual([mine.id]);
    expect((await api.fetch(`/v1/jobs/${mine.id}`)).status).toBe(200);
    api.actAs({});
    expect((await list()).sort()).toEqual([mine.id, other].sort());
  });
});

describe('to a key without the scope `read`', () => {
  it('what came of a job is not shown: by no replay, cancel or run again', async () => {
    const body = { model: 'sim', messages: [{ role: 'user', content: '?' }] };
    const { id } = await json(await submit('chat.completions', body, 'replayed'));
    const { journal } = api.parts;
    await journal.redis.hset(journal.keysOf(id).record, {
      status: 'failed',
      attempt: 1,
      output: JSON.stringify('secret'),
      output_text: 'secret',
      error: JSON.stringify({ code: 'task_error', message: 'secret', retryable: false, provider: 'secret' }),
    });
    const shown = async () => [
      await (await submit('chat.completions', body, 'replayed')).text(),
      await (await api.fetch(`/v1/jobs/${id}/cancel`, { method: 'POST' })).text(),
    ];
    for (const text of await shown()) expect(text).toContain('secret');

    api.actAs({ scopes: ['submit'] });
    for (const text of await shown()) {
      expect(text).not.toContain('secret');
      expect(JSON.parse(text)).toMatchObject({ id, status: 'failed', output: null, output_text: null });
      expect(JSON.parse(text)).toMatchObject({ error: { code: 'task_error', retryable: false } });
    }
    const again = await api.fetch(`/v1/jobs/${id}/retry`, { method: 'POST' });
    expect([again.status, (await json(again)).output_text]).toEqual([202, null]);
  });
});
