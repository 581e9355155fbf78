import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from '../../testing/api.ts';

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
  it('a job of another task is not found: not by its id, its idempotency key, nor in a list', async () => {
    const mine = await json(await submit('summarize', { text: 'Short.' }, 'mine'));
    const { jobId: other, writer } = await api.begin('other');
    await writer.end({ status: 'failed' }, 'job.failed', {
      error: { code: 'task_error', message: 'secret', retryable: false },
    });
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
  const body = { model: 'sim', messages: [{ role: 'user', content: '?' }] };
  const shown = async (id: string, key: string) => [
    await (await submit('chat.completions', body, key)).text(),
    await (await api.fetch(`/v1/jobs/${id}/cancel`, { method: 'POST' })).text(),
  ];

  it('what a job has answered is not shown: by no replay, and no cancel', async () => {
    const { id } = await json(await submit('chat.completions', body, 'answered'));
    const end = { output: 'secret', usage: null };
    const writer = await api.claim(id);
    await writer.end({ status: 'completed' }, 'job.completed', end, { output: JSON.stringify('secret') });
    for (const text of await shown(id, 'answered')) expect(text).toContain('secret');

    api.actAs({ scopes: ['submit'] });
    for (const text of await shown(id, 'answered')) {
      expect(text).not.toContain('secret');
      expect(JSON.parse(text)).toMatchObject({ id, status: 'completed', output: null, output_text: null });
    }
  });

  it('nor how it has failed: by no replay, cancel or run again', async () => {
    const { id } = await json(await submit('chat.completions', body, 'failed'));
    const error = { code: 'task_error' as const, message: 'secret', retryable: false, provider: 'secret' };
    const kept = { error: JSON.stringify(error), text: 'secret' };
    await (await api.claim(id)).end({ status: 'failed' }, 'job.failed', { error }, kept);
    for (const text of await shown(id, 'failed')) {
      expect(JSON.parse(text)).toMatchObject({ error, output_text: 'secret' });
    }

    api.actAs({ scopes: ['submit'] });
    for (const text of await shown(id, 'failed')) {
      expect(text).not.toContain('secret');
      expect(JSON.parse(text)).toMatchObject({ id, status: 'failed', output: null, output_text: null });
      expect(JSON.parse(text)).toMatchObject({ error: { code: 'task_error', retryable: false } });
    }
    const again = await api.fetch(`/v1/jobs/${id}/retry`, { method: 'POST' });
    expect([again.status, (await json(again)).output_text]).toEqual([202, null]);
  });
});
