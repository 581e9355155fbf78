import type { RateLimitHeadroom } from '@holdfast/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  answerJson,
  beginStream,
  collect,
  type FakeUpstream,
  shortChat,
  sse,
  startUpstream,
} from '../../testing/fake-upstream.ts';
import { createOpenAiProvider } from '../call/open-ai-provider.ts';
import { readHeadroom } from './rate-limit-headroom.ts';

describe('readHeadroom', () => {
  it('reads what is left, the later of the resets, and Retry-After', () => {
    const headers = new Headers({
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '120ms',
      'x-ratelimit-remaining-tokens': '149984',
      'x-ratelimit-reset-tokens': '6m0s',
      'retry-after': '2',
    });
    expect(readHeadroom(headers, 0)).toEqual({
      requestsLeft: 0,
      tokensLeft: 149_984,
      resetMs: 360_000,
      retryAfterMs: 2_000,
    });
  });

  it('reads a moment as the time until then, and what is said of all limits as said of requests', () => {
    const headers = new Headers({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1767225602' });
    expect(readHeadroom(headers, 1_767_225_600_000)).toEqual({ requestsLeft: 0, resetMs: 2_000 });
  });

  it('says nothing of what it can’t read', () => {
    const headers = new Headers({ 'x-ratelimit-remaining-requests': '-1', 'x-ratelimit-reset-requests': 'soon' });
    expect(readHeadroom(headers, 0)).toBeNull();
  });
});

describe('a call', () => {
  const limits = { 'x-ratelimit-remaining-requests': '7', 'x-ratelimit-reset-requests': '1s' };
  let upstream: FakeUpstream;
  afterEach(() => upstream.stop());

  async function headroomsOf(handle: Parameters<typeof startUpstream>[0]): Promise<RateLimitHeadroom[]> {
    upstream = await startUpstream(handle);
    const headrooms: RateLimitHeadroom[] = [];
    const provider = createOpenAiProvider({ name: 'main', baseUrl: upstream.baseUrl, apiKey: 'k' });
    const onHeadroom = (headroom: RateLimitHeadroom) => void headrooms.push(headroom);
    const body = { model: 'sim', messages: [] };
    const call = { endpoint: 'chat.completions', body, signal: new AbortController().signal, onHeadroom } as const;
    await collect(provider.call(call)).catch(() => undefined);
    return headrooms;
  }

  it('reports once what its answer says about the provider’s limits', async () => {
    const headrooms = await headroomsOf((response) => {
      for (const [name, value] of Object.entries(limits)) response.setHeader(name, value);
      beginStream(response, ...shortChat);
      response.end(sse('[DONE]'));
    });
    expect(headrooms).toEqual([{ requestsLeft: 7, resetMs: 1_000 }]);
  });

  it('reports nothing where it is refused: its error does', async () => {
    expect(await headroomsOf((response) => answerJson(response, 429, {}, limits))).toEqual([]);
  });
});
