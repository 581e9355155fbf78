/**
 * The provider adapter against every fault that the simulator can make: what error the worker gets.
 * Faults that the simulator doesn't know are tested beside the adapter, in packages/providers.
 */

import { AttemptError, isJsonObject, outputTextOf, type ProviderEvent } from '@holdfast/core';
import { createOpenAiProvider } from '@holdfast/providers';
import { type Simulator, startSimulator } from '@holdfast/simulator';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

type Endpoint = 'chat.completions' | 'responses';
const endpoints: Endpoint[] = ['chat.completions', 'responses'];

let simulator: Simulator;
/** `fail=` counts calls by case, so every call here has its own case. */
let cases = 0;
beforeAll(async () => {
  simulator = await startSimulator({ port: 0 });
});
afterAll(() => simulator.close());

async function call(endpoint: Endpoint, instructions: string): Promise<ProviderEvent[]> {
  const provider = createOpenAiProvider({
    name: 'sim',
    baseUrl: `${simulator.url}/v1`,
    apiKey: 'key',
    // Short only where silence is the fault: on a busy machine any answer may take its time.
    firstByteTimeoutMs: instructions.startsWith('hang') ? 300 : 60_000,
    idleTimeoutMs: instructions.startsWith('stall') ? 300 : 60_000,
    maxAnswerBytes: 100_000,
  });
  const prompt = 'Tell me a story.';
  const body = {
    model: 'sim',
    ...(endpoint === 'responses' ? { input: prompt } : { messages: [{ role: 'user', content: prompt }] }),
    metadata: { case: `case-${++cases}`, sim: `tokens=20&ttft_ms=0&itl_ms=0&seed=7&${instructions}` },
  };
  const events: ProviderEvent[] = [];
  for await (const event of provider.call({ endpoint, body, signal: new AbortController().signal })) events.push(event);
  return events;
}

async function failureOf(endpoint: Endpoint, instructions: string): Promise<AttemptError> {
  const error = await call(endpoint, instructions).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AttemptError)) throw new Error('expected an AttemptError', { cause: error });
  return error;
}

function textOf(events: ProviderEvent[]): string {
  return events.map((event) => (event.kind === 'text' ? event.text : '')).join('');
}

function resultOf(events: ProviderEvent[]) {
  const last = events.at(-1);
  if (last?.kind !== 'result') throw new Error('the call has no result');
  return last;
}

/** instructions, code, retryable, ambiguous, retryAfterMs */
const failures: [string, string, boolean, boolean, number | undefined][] = [
  ['status=400', 'provider_bad_request', false, false, undefined],
  ['status=400&code=content_filter', 'content_refused', false, false, undefined],
  ['status=401', 'provider_unauthorized', false, false, undefined],
  ['status=402', 'provider_rate_limited', false, false, undefined],
  ['status=403', 'provider_unauthorized', false, false, undefined],
  ['status=404', 'provider_not_found', false, false, undefined],
  ['status=408', 'provider_timeout', true, false, undefined],
  ['status=409', 'provider_unavailable', true, false, undefined],
  ['status=422', 'provider_bad_request', false, false, undefined],
  ['status=429&retry_after=2', 'provider_rate_limited', true, false, 2000],
  ['status=429&retry_after=0.5', 'provider_rate_limited', true, false, 500],
  ['status=429&code=insufficient_quota', 'provider_rate_limited', false, false, undefined],
  ['status=500', 'provider_unavailable', true, false, undefined],
  ['status=502', 'provider_unavailable', true, true, undefined],
  ['status=503&retry_after=1', 'provider_unavailable', true, false, 1000],
  ['status=504', 'provider_unavailable', true, true, undefined],
  ['fail=html', 'provider_unavailable', true, true, undefined],
  ['fail=reset', 'provider_unavailable', true, true, undefined],
  ['hang=1', 'provider_timeout', true, true, undefined],
  ['cut_after=0', 'provider_stream_cut', true, true, undefined],
  ['cut_after=5', 'provider_stream_cut', true, true, undefined],
  ['stall_after=5', 'provider_stalled', true, true, undefined],
  ['error_event=1', 'provider_unavailable', true, true, undefined],
  ['big_line=1000000', 'answer_too_large', false, true, undefined],
  ['failed=server_error', 'provider_unavailable', true, true, undefined],
  ['failed=rate_limit_exceeded', 'provider_rate_limited', true, true, undefined],
  ['failed=invalid_prompt', 'provider_bad_request', false, true, undefined],
];

describe.each(endpoints)('%s', (endpoint) => {
  it.each(failures)(
    '%s is %s (retryable: %s, ambiguous: %s)',
    async (instructions, code, retryable, ambiguous, retryAfterMs) => {
      const error = await failureOf(endpoint, instructions);
      expect({ code: error.code, retryable: error.retryable, ambiguous: error.ambiguous }).toEqual({
        code,
        retryable,
        ambiguous,
      });
      if (retryAfterMs !== undefined) expect(error.retryAfterMs).toBe(retryAfterMs);
      expect(error.message).toMatch(/^sim /);
      expect(error.message).not.toContain('<');
    },
  );

  it('a stream that ends well without its last word is cut', async () => {
    // A chat says that it has ended with a finish_reason, a response with its last event.
    const instructions = endpoint === 'responses' ? 'no_done=1' : 'no_finish=1&no_done=1';
    expect(await failureOf(endpoint, instructions)).toMatchObject({ code: 'provider_stream_cut', retryable: true });
  });

  it.each(['', 'split_utf8=1&unicode=1', 'filter=1'])('an answer with "%s" is whole', async (instructions) => {
    const events = await call(endpoint, instructions);
    const { output, usage } = resultOf(events);
    expect(textOf(events)).toBe(outputTextOf(output));
    expect(textOf(events).length).toBeGreaterThan(10);
    expect(textOf(events)).not.toContain('\uFFFD');
    expect(usage?.output_tokens).toBeGreaterThan(0);
  });

  it('a model that refuses has answered', async () => {
    const { output } = resultOf(await call(endpoint, 'refuse=1'));
    expect(isJsonObject(output) && JSON.stringify(output)).toContain('"refusal":"');
  });
});

it('a chat needs no [DONE]', async () => {
  expect(resultOf(await call('chat.completions', 'no_done=1')).usage).not.toBeNull();
});
