import { describe, expect, it } from '@jest/globals';
import { classifyErrorEvent, classifyStatus, classifyWords } from './classify-error.ts';

const said = (...words: (string | number)[]) => ({ message: '', words });

describe('the classification of a status', () => {
  it.each([
    [400, 'provider_bad_request', false],
    [401, 'provider_unauthorized', false],
    [402, 'provider_rate_limited', false],
    [403, 'provider_unauthorized', false],
    [404, 'provider_not_found', false],
    [408, 'provider_timeout', true],
    [409, 'provider_unavailable', true],
    [424, 'provider_unavailable', true],
    [425, 'provider_unavailable', true],
    [449, 'provider_unavailable', true],
    [498, 'provider_unavailable', true],
    [499, 'provider_unavailable', true],
    [418, 'provider_refused', false],
    [422, 'provider_bad_request', false],
    [429, 'provider_rate_limited', true],
    [500, 'provider_unavailable', true],
    [502, 'provider_unavailable', true],
    [503, 'provider_unavailable', true],
    [529, 'provider_unavailable', true],
    [307, 'provider_bad_response', false],
  ])('%i is %s, retryable: %s', (status, code, retryable) => {
    expect(classifyStatus(status, said())).toMatchObject({ code, retryable });
  });

  it('counts only a gateway that lost its upstream as possibly paid', () => {
    const ambiguous = [400, 429, 500, 502, 503, 504].filter((status) => classifyStatus(status, said()).ambiguous);
    expect(ambiguous).toEqual([502, 504]);
  });

  it.each(['content_filter', 'content_policy_violation'])('takes %s for a refusal of the content', (word) => {
    expect(classifyStatus(400, said(word))).toEqual({ code: 'content_refused', retryable: false });
  });

  it('does not wait for a quota that a person has to raise', () => {
    expect(classifyStatus(429, said('insufficient_quota'))).toEqual({
      code: 'provider_rate_limited',
      retryable: false,
    });
  });

  it('does not wait where a request is larger than the limit', () => {
    const message = 'Request too large for m on tokens per min: Limit 30000, Requested 45000.';
    const tooLarge = { message, words: ['tokens', 'rate_limit_exceeded'] };
    for (const classification of [classifyStatus(429, tooLarge), classifyWords(tooLarge)]) {
      expect(classification).toEqual({ code: 'provider_bad_request', retryable: false });
    }
  });

  it('is not led by a sentence about a server’s trouble', () => {
    const message = 'The content filter could not be reached';
    for (const words of [['server_error'], [503]]) {
      expect(classifyWords({ message, words })).toMatchObject({ code: 'provider_unavailable', retryable: true });
    }
  });

  it('is not led by words that a status already decides', () => {
    expect(classifyStatus(400, said('server_error'))).toMatchObject({ code: 'provider_bad_request', retryable: false });
  });
});

describe('the classification of words alone', () => {
  it.each([
    ['server_error', 'provider_unavailable', true],
    ['rate_limit_exceeded', 'provider_rate_limited', true],
    ['vector_store_timeout', 'provider_unavailable', true],
    ['invalid_prompt', 'provider_bad_request', false],
    ['image_content_policy_violation', 'content_refused', false],
  ])('%s is %s, retryable: %s', (word, code, retryable) => {
    expect(classifyWords(said(word))).toEqual({ code, retryable });
  });

  it('reads a status that stands in the place of a code', () => {
    expect(classifyWords(said(503))).toMatchObject({ code: 'provider_unavailable', retryable: true });
    expect(classifyWords(said('401'))).toMatchObject({ code: 'provider_unauthorized', retryable: false });
  });

  it('does not classify unknown words, names of object members among them', () => {
    expect(classifyWords(said('constructor', '__proto__', 'data_residency_mismatch'))).toBeNull();
  });

  it('takes an unknown error event for a provider that may do better later', () => {
    expect(classifyErrorEvent(said('who_knows'))).toEqual({ code: 'provider_unavailable', retryable: true });
  });
});
