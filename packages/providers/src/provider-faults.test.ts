import type { JsonObject } from '@holdfast/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import { callAt, failureOf, problem, stopUpstreams } from '../testing/failing-call.ts';
import { answerJson, startUpstream, until } from '../testing/fake-upstream.ts';

afterEach(stopUpstreams);

describe('an answer that is an error', () => {
  it('carries status, words and Retry-After of a 429', async () => {
    const { error } = await failureOf((response) =>
      answerJson(response, 429, problem('Slow down.'), { 'retry-after': '2' }),
    );
    expect(error).toMatchObject({
      code: 'provider_rate_limited',
      message: 'main answered 429: Slow down.',
      status: 429,
      retryable: true,
      retryAfterMs: 2000,
      ambiguous: false,
    });
    expect(error.cause).toBeDefined();
  });

  it('says how long the provider wants to be left alone, where that is long', async () => {
    const { error } = await failureOf((response) =>
      answerJson(response, 429, problem('Daily limit reached'), { 'retry-after': '86400' }),
    );
    expect(error.message).toBe('main answered 429: Daily limit reached (it asks for a pause of 86400 s)');
  });

  it('is asked for once only', async () => {
    const { upstream } = await failureOf((response) => answerJson(response, 503, problem('Busy')));
    expect(upstream.requests).toHaveLength(1);
  });

  it.each<[string, number, JsonObject, JsonObject]>([
    [
      'a quota that is used up',
      429,
      problem('Pay', 'insufficient_quota'),
      { code: 'provider_rate_limited', retryable: false },
    ],
    ['content that is refused', 400, problem('No', 'content_filter'), { code: 'content_refused', retryable: false }],
    ['a bad request', 400, problem('Bad'), { code: 'provider_bad_request', retryable: false, status: 400 }],
    ['a server error', 500, problem('Oops'), { code: 'provider_unavailable', retryable: true, status: 500 }],
    ['a text for an error', 500, { error: 'Oops' }, { message: 'main answered 500: Oops' }],
    ['a detail for an error', 404, { detail: 'No such model' }, { message: 'main answered 404: No such model' }],
  ])('tells of %s', async (_, status, body, expected) => {
    const { error } = await failureOf((response) => answerJson(response, status, body));
    expect(error).toMatchObject(expected);
  });

  it('says nothing of a web page', async () => {
    const { error } = await failureOf((response) => {
      response.writeHead(502, { 'content-type': 'text/html' });
      response.end('<html><body>the secret gateway</body></html>');
    });
    expect(error).toMatchObject({
      code: 'provider_unavailable',
      message: 'main answered 502',
      retryable: true,
      ambiguous: true,
    });
  });

  it('has its message cut, and the key taken out', async () => {
    const { error } = await failureOf((response) =>
      answerJson(response, 401, problem(`Key key-secret ${'x'.repeat(9000)}`)),
    );
    expect(error.message).toMatch(/^main answered 401: Key \*\*\* x+$/);
    expect(error.message.length).toBeLessThan(530);
  });

  it('is not read to its end if it has none', async () => {
    const { error, upstream } = await failureOf((response) => {
      response.writeHead(500, { 'content-type': 'application/json' });
      const pump = () => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
      };
      response.on('drain', pump);
      pump();
    });
    expect(error).toMatchObject({ code: 'provider_unavailable', status: 500 });
    await until('the call is aborted', () => upstream.aborted === 1);
  });

  it('is what a redirect counts as: it would send the prompt elsewhere', async () => {
    const { error, upstream } = await failureOf((response) => {
      response.writeHead(307, { location: '/v1/elsewhere' });
      response.end();
    });
    expect(error).toMatchObject({ code: 'provider_bad_response', status: 307, retryable: false });
    expect(upstream.requests).toHaveLength(1);
  });
});

describe('an answer that never comes', () => {
  it('names the reason where nobody listens', async () => {
    const upstream = await startUpstream(() => undefined);
    await upstream.stop();
    expect(await callAt(upstream.baseUrl)).toMatchObject({
      code: 'provider_unavailable',
      message: 'main could not be reached (ECONNREFUSED)',
      retryable: true,
      ambiguous: false,
    });
  });

  it('may have been paid for where the connection was lost before the headers', async () => {
    const { error } = await failureOf((response) => {
      response.destroy();
    });
    expect(error).toMatchObject({ code: 'provider_unavailable', retryable: true, ambiguous: true });
  });

  it('is waited for only so long', async () => {
    const { error, upstream } = await failureOf(() => undefined, { options: { firstByteTimeoutMs: 400 } });
    expect(error).toMatchObject({
      code: 'provider_timeout',
      message: 'main did not answer within 400 ms',
      retryable: true,
      ambiguous: true,
    });
    await until('the call is aborted', () => upstream.aborted === 1);
  });
});
