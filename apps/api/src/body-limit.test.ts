/** Bodies of submits: how large they may be. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../../../packages/core/testing/until.ts';
import { startTestApi, type TestApi } from '../testing/api.ts';
import { readConfig } from './config.ts';

const MB = 1_000_000;

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.end());

/** Submits a question about a photo of so many bytes. */
async function submitPhoto(bytes: number): Promise<Response> {
  const url = `data:image/jpeg;base64,${Buffer.alloc(bytes, 7).toString('base64')}`;
  const content = [
    { type: 'text', text: 'What is this?' },
    { type: 'image_url', image_url: { url } },
  ];
  const body = JSON.stringify({
    task: 'chat.completions',
    input: { model: 'sim', messages: [{ role: 'user', content }] },
  });
  const headers = { 'content-type': 'application/json', 'idempotency-key': `photo-${bytes}` };
  // What a busy machine hasn't done within 2.2 s is to be sent again.
  return until('the submit is answered', async () => {
    const response = await api.fetch('/v1/jobs', { method: 'POST', headers, body });
    return response.status === 503 ? null : response;
  });
}

describe('a submit', () => {
  it('may hold a photo of 7 MB as a data URL', async () => {
    const response = await submitPhoto(7 * MB);
    // 200: a try that was answered with 503 has made the job all the same.
    expect([200, 202]).toContain(response.status);
    expect(await response.json()).toMatchObject({ status: 'queued' });
  });

  it('that is larger than the limit is refused, and the limit is said', async () => {
    const response = await submitPhoto(8 * MB);
    const problem = { code: 'body_too_large', detail: `The body is larger than ${10 * MB} bytes.` };
    expect([response.status, (await response.json()) as unknown]).toMatchObject([413, problem]);
  });
});

describe('MAX_BODY_MB', () => {
  const read = (value?: string) => readConfig({ REDIS_URL: 'redis://127.0.0.1', MAX_BODY_MB: value });

  it('is 10 where nothing is set, and counts in millions of bytes', () => {
    expect([read().maxBodyBytes, read('1').maxBodyBytes, read('100').maxBodyBytes]).toEqual([10 * MB, MB, 100 * MB]);
  });

  it.each(['0', '101', '1.5', '-1', 'much'])('is not %s', (value) => {
    expect(() => read(value)).toThrow('MAX_BODY_MB');
  });
});
