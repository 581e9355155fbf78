import { createTenants } from '@holdfast/gate';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from '../test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await createTenants({ ...api.parts, prefix: api.parts.journal.prefix }).put('acme', {
    limits: { requests_per_minute: 3 },
  });
});
afterAll(() => api.end());

const post = (path: string, init: RequestInit = {}) => api.fetch(path, { method: 'POST', ...init });

async function submit(): Promise<string> {
  const response = await post('/v1/jobs', {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      task: 'chat.completions',
      input: { model: 'sim', messages: [{ role: 'user', content: '?' }] },
    }),
  });
  return ((await response.json()) as { id: string }).id;
}

describe('a job that is run again', () => {
  it('counts as a request: its answer says how many are left, and one too many is refused', async () => {
    const id = await submit();
    expect((await post(`/v1/jobs/${id}/retry`)).status).toBe(409);
    for (const left of [1, 0]) {
      await post(`/v1/jobs/${id}/cancel`);
      const again = await post(`/v1/jobs/${id}/retry`);
      expect(again.status).toBe(202);
      expect(again.headers.get('ratelimit')).toMatch(new RegExp(`^"requests";r=${left};t=\\d+$`));
    }
    await post(`/v1/jobs/${id}/cancel`);
    const refused = await post(`/v1/jobs/${id}/retry`);
    expect(await refused.json()).toMatchObject({ status: 429, code: 'too_many_requests' });
    expect(refused.headers.get('ratelimit')).toMatch(/^"requests";r=0;/);
    expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(30);
  });
});
