/** Every dialect of `dialects.ts`, played by an HTTP server against the adapter. */
import { AttemptError, isJsonObject, type JsonObject, type ProviderEvent } from '@holdfast/core';
import { createOpenAiProvider } from '@holdfast/providers';
import { afterEach, describe, expect, it } from '@jest/globals';
import { collect, type FakeUpstream, startUpstream } from '../../packages/providers/testing/fake-upstream.ts';
import { type Dialect, dialects } from './dialects.ts';
import { readTable } from './dialects-table.ts';

let upstream: FakeUpstream;
afterEach(() => upstream?.stop());

interface Told {
  events: ProviderEvent[];
  error: unknown;
}

async function play({ serve, endpoint = 'chat.completions', body, options }: Dialect): Promise<Told> {
  let requests = 0;
  upstream = await startUpstream((response, request) => serve(response, request, ++requests));
  const provider = createOpenAiProvider({ name: 'main', baseUrl: upstream.baseUrl, apiKey: 'k', ...options });
  const call = { endpoint, body: { model: 'm', ...body }, signal: new AbortController().signal };
  return collect(provider.call(call)).then(
    (events) => ({ events, error: null }),
    (error: unknown) => ({ events: [], error }),
  );
}

const textOf = (events: readonly ProviderEvent[]) =>
  events.map((event) => (event.kind === 'text' ? event.text : '')).join('');

function messageOf(output: JsonObject): unknown {
  const [choice] = Array.isArray(output.choices) ? output.choices : [];
  return isJsonObject(choice) ? choice.message : null;
}

function check({ expected }: Dialect, { events, error }: Told): void {
  if (expected.error) {
    expect(error).toBeInstanceOf(AttemptError);
    expect(error).toMatchObject(expected.error);
    return;
  }
  expect(error).toBeNull();
  const result = events.at(-1);
  if (result?.kind !== 'result' || !isJsonObject(result.output)) throw new Error('an answer was to come');
  if (expected.text !== undefined) expect(textOf(events)).toBe(expected.text);
  if (expected.usage !== undefined) expect(result.usage).toEqual(expected.usage);
  if (expected.output) expect(result.output).toMatchObject(expected.output);
  if (expected.message) expect(messageOf(result.output)).toMatchObject(expected.message);
}

describe.each(Object.entries(dialects))('%s', (_kind, some) => {
  it.each(some.map((dialect) => [dialect.says, dialect] as const))('%s', async (_says, dialect) => {
    check(dialect, await play(dialect));
    if (dialect.expected.requests) expect(upstream.requests).toHaveLength(dialect.expected.requests);
  });
});

it('docs/reference/providers.md has the table of all of them', () => {
  const { isThere, should } = readTable();
  const words = (text: string) => text.replaceAll(/[\s-]+/g, ' ');
  expect(words(isThere)).toBe(words(should));
});
