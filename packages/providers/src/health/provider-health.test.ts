import { afterEach, describe, expect, it } from '@jest/globals';
import { callAt, failureOf, problem, stopUpstreams } from '../../testing/failing-call.ts';
import { answerJson, beginStream, chatChunk } from '../../testing/fake-upstream.ts';
import { healthOf, mayBeOfRequest } from './provider-health.ts';

afterEach(stopUpstreams);

const ofStatus = async (status: number, body = problem('No.'), headers = {}) =>
  healthOf((await failureOf((response) => answerJson(response, status, body, headers))).error);

describe('a provider', () => {
  it.each([500, 502, 503, 504, 408, 401, 403])('is unhealthy where it answers %i', async (status) => {
    expect(await ofStatus(status)).toBe('unhealthy');
  });

  it.each([400, 404, 413, 422])('is none the worse for a request that it answers %i', async (status) => {
    expect(await ofStatus(status)).toBeNull();
  });

  it('is unhealthy where it cannot be reached, is silent, or breaks off', async () => {
    expect(healthOf(await callAt('http://127.0.0.1:9/v1'))).toBe('unhealthy');
    const silent = await failureOf(() => undefined, { options: { firstByteTimeoutMs: 100 } });
    expect(healthOf(silent.error)).toBe('unhealthy');
    const cut = await failureOf((response) => {
      beginStream(response, chatChunk({ content: 'a' }));
      response.socket?.destroySoon();
    });
    expect(healthOf(cut.error)).toBe('unhealthy');
  });

  it('is busy where it asks for long quiet, and not for a short one', async () => {
    expect(await ofStatus(429, problem('Later.'), { 'retry-after': '60' })).toBe('overloaded');
    expect(await ofStatus(429, problem('Later.'), { 'retry-after': '2' })).toBeNull();
    expect(await ofStatus(429)).toBeNull();
  });

  it('is unhealthy where its account has no credit, and healthy where it refuses a request', async () => {
    expect(await ofStatus(429, problem('Pay.', 'insufficient_quota'))).toBe('unhealthy');
    expect(await ofStatus(400, problem('No.', 'content_filter'))).toBeNull();
  });
});

describe('a failed call', () => {
  const failed = async (status: number, body = problem('No.')) =>
    (await failureOf((response) => answerJson(response, status, body))).error;

  it('surely cost nothing where it was refused or never left', async () => {
    for (const status of [400, 401, 404, 429, 500, 503]) expect((await failed(status)).unpaid).toBe(true);
    const { upstream } = await failureOf((response) => answerJson(response, 500, {}));
    await upstream.stop();
    expect((await callAt(upstream.baseUrl)).unpaid).toBe(true);
    for (const status of [502, 504]) expect((await failed(status)).unpaid).toBe(false);
  });

  it('may be caused by its own request where the body of the answer is not an answer', async () => {
    expect(mayBeOfRequest(await failed(200, { odd: true }))).toBe(true);
    expect(mayBeOfRequest(await failed(503))).toBe(false);
  });
});
