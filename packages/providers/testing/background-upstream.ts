/** Calls to an upstream that runs responses in the background: their events, and all that a call comes to. */
import type { AttemptError, JsonObject, ProviderCall, ProviderEvent } from '@holdfast/core';
import { createOpenAiProvider, type OpenAiProviderOptions } from '../src/call/open-ai-provider.ts';
import { type FakeUpstream, startUpstream } from './fake-upstream.ts';

export const stored = (status: string, more: JsonObject = {}): JsonObject => ({
  id: 'resp_1',
  object: 'response',
  status,
  background: true,
  error: null,
  ...more,
});

const place = { item_id: 'm', output_index: 0, content_index: 0 };
const delta = (text: string): JsonObject => ({
  type: 'response.output_text.delta',
  ...place,
  delta: text,
  logprobs: [],
});

export const finished = stored('completed', { usage: { input_tokens: 4, output_tokens: 3 } });

/** Numbered 0 to 6. */
export const backgroundEvents: JsonObject[] = [
  { type: 'response.created', response: stored('queued') },
  { type: 'response.in_progress', response: stored('in_progress') },
  { type: 'response.content_part.added', ...place, part: { type: 'output_text' } },
  delta('a'),
  delta('b'),
  delta('c'),
  { type: 'response.completed', response: finished },
].map((event, sequence_number) => ({ ...event, sequence_number }));

export interface CallEnd {
  events: ProviderEvent[];
  /** Null where the call ended with its result. */
  error: AttemptError | null;
}

export interface BackgroundUpstream extends FakeUpstream {
  call(more: Partial<ProviderCall>): Promise<CallEnd>;
  cancel(responseId: string): Promise<void>;
  /** Method and path of each request, as in `GET /v1/responses/resp_1`. */
  asked(): string[];
}

const running: FakeUpstream[] = [];

/** To be called after each test. */
export async function stopBackgroundUpstreams(): Promise<void> {
  await Promise.all(running.splice(0).map((upstream) => upstream.stop()));
}

export async function startBackgroundUpstream(
  handle: Parameters<typeof startUpstream>[0],
  options: Partial<OpenAiProviderOptions> = {},
): Promise<BackgroundUpstream> {
  const upstream = await startUpstream(handle);
  running.push(upstream);
  const provider = createOpenAiProvider({ name: 'main', baseUrl: upstream.baseUrl, apiKey: 'k', ...options });
  const call = async (more: Partial<ProviderCall>): Promise<CallEnd> => {
    const events: ProviderEvent[] = [];
    const signal = new AbortController().signal;
    const body = { model: 'sim', input: 'x' };
    try {
      for await (const event of provider.call({ endpoint: 'responses', body, signal, ...more })) events.push(event);
      return { events, error: null };
    } catch (error) {
      return { events, error: error as AttemptError };
    }
  };
  return Object.assign(upstream, {
    call,
    cancel: async (responseId: string) => provider.cancelResponse?.(responseId),
    asked: () => upstream.requests.map(({ method, path }) => `${method} ${path}`),
  });
}
