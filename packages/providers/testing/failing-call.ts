/** What a call to an upstream that behaves in some way fails with. */
import { AttemptError, type JsonObject, type ProviderCall } from '@holdfast/core';
import { expect } from '@jest/globals';
import { createOpenAiProvider, type OpenAiProviderOptions } from '../src/call/open-ai-provider.ts';
import { collect, type FakeUpstream, startUpstream } from './fake-upstream.ts';

interface Call {
  endpoint?: ProviderCall['endpoint'];
  options?: Partial<OpenAiProviderOptions>;
}

const running: FakeUpstream[] = [];

/** To be called after each test. */
export async function stopUpstreams(): Promise<void> {
  await Promise.all(running.splice(0).map((upstream) => upstream.stop()));
}

/** The error that a call to an upstream that behaves like this ends with. */
export async function failureOf(handle: Parameters<typeof startUpstream>[0], how: Call = {}) {
  const upstream = await startUpstream(handle);
  running.push(upstream);
  const error = await callAt(upstream.baseUrl, how);
  return { error, upstream };
}

export async function callAt(
  baseUrl: string,
  { endpoint = 'chat.completions', options }: Call = {},
): Promise<AttemptError> {
  const provider = createOpenAiProvider({ name: 'main', baseUrl, apiKey: 'key-secret', ...options });
  const body = { messages: [{ role: 'user', content: 'the secret prompt' }] };
  const error = await collect(provider.call({ endpoint, body, signal: new AbortController().signal })).catch((e) => e);
  expect(error).toBeInstanceOf(AttemptError);
  expect(error.provider).toBe('main');
  expect(error.message).not.toMatch(/secret|<html| {4}at /);
  return error;
}

/** An error as OpenAI words it. */
export const problem = (message: string, code: string | null = null, type = 'some_error'): JsonObject => ({
  error: { message, type, param: null, code },
});
