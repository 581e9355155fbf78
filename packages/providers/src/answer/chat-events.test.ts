import { isJsonObject, type JsonObject, type ProviderEvent } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { chatChunk, shortChat } from '../../testing/fake-upstream.ts';
import { createChatMapper } from './chat-events.ts';

/** The inverse of the mapper: what the events say, as the chunks a provider would have sent. */
function rebuild(events: ProviderEvent[]): JsonObject[] {
  let frame: JsonObject = {};
  return events.map((event) => {
    if (event.kind === 'result' || event.kind === 'response') throw new Error('only text and events expected');
    if (event.kind === 'text' && !event.event) {
      const [choice] = frame.choices as JsonObject[];
      return { ...frame, choices: [{ ...choice, delta: { content: event.text } }] };
    }
    const whole = event.event ?? {};
    const choices = Array.isArray(whole.choices) ? whole.choices.filter(isJsonObject) : [];
    if (choices.length === 1 && (choices[0]?.index ?? 0) === 0) frame = whole;
    return whole;
  });
}

function mapAll(chunks: JsonObject[]): ProviderEvent[] {
  return chunks.map(createChatMapper());
}

const withoutPadding = (chunks: JsonObject[]) => chunks.map(({ obfuscation: _, ...chunk }) => chunk);
const kinds = (events: ProviderEvent[]) =>
  events.map((event) => ('event' in event ? `${event.kind}+event` : event.kind));

describe('the mapper of chat chunks', () => {
  it('keeps only the text of chunks with nothing else', () => {
    const events = mapAll(shortChat);
    expect(kinds(events)).toEqual(['event+event', 'text', 'text', 'event+event', 'event+event']);
    expect(events[1]).toEqual({ kind: 'text', text: 'Hel' });
  });

  it('drops padding, which makes no chunk worth keeping', () => {
    const padded = shortChat.map((chunk, i) => ({ ...chunk, obfuscation: 'x'.repeat(i) }));
    expect(mapAll(padded)).toEqual(mapAll(shortChat));
  });

  it.each<[string, JsonObject]>([
    ['another member of the delta', chatChunk({ content: 'a', reasoning_content: 'b' })],
    ['log probabilities', chatChunk({ content: 'a' }, { logprobs: { content: [] } })],
    ['a reason to end', chatChunk({ content: 'a' }, { finish_reason: 'stop' })],
    ['an unknown member of the choice', chatChunk({ content: 'a' }, { stop_token: 7 })],
    ['usage', { ...chatChunk({ content: 'a' }), usage: { prompt_tokens: 1 } }],
    ['an unknown member', { ...chatChunk({ content: 'a' }), x_groq: { id: 'r' } }],
    ['a member less', { ...chatChunk({ content: 'a' }), usage: undefined } as unknown as JsonObject],
  ])('keeps a chunk whole that has text and %s', (_, chunk) => {
    const events = mapAll([chatChunk({ role: 'assistant', content: '' }), chunk]);
    expect(events[1]).toEqual({ kind: 'text', text: 'a', event: chunk });
  });

  it('treats what came with every chunk since the last whole one as emitted', () => {
    const named = (content: string) => ({ ...chatChunk({ content }), provider: 'east' });
    expect(kinds(mapAll([chatChunk({ role: 'assistant' }), named('a'), named('b'), named('c')]))).toEqual([
      'event+event',
      'text+event',
      'text',
      'text',
    ]);
  });

  it('gives the text of choice 0 only', () => {
    const other = chatChunk({ content: 'b' }, { index: 1 });
    expect(mapAll([chatChunk({ role: 'assistant' }), other])[1]).toEqual({ kind: 'event', event: other });
  });

  it('treats shapes that no chunk has as events', () => {
    const odd: JsonObject[] = [
      {},
      { choices: 'none' },
      { choices: [null] },
      chatChunk({ content: 5 }),
      { choices: [{ delta: [] }] },
    ];
    expect(mapAll(odd)).toEqual(odd.map((event) => ({ kind: 'event', event })));
  });

  it('loses nothing: random chunks can be rebuilt from the events', () => {
    const random = seeded(42);
    const pick = <T>(...options: T[]) => options[Math.floor(random() * options.length)] as T;
    let plain = 0;
    for (let run = 0; run < 300; run += 1) {
      const chunks = Array.from({ length: 20 }, () => randomChunk(pick));
      const events = mapAll(chunks);
      plain += events.filter((event) => event.kind === 'text' && !event.event).length;
      expect(rebuild(events)).toEqual(withoutPadding(chunks));
      expect(textIn(events)).toBe(textIn(chunks.map((event) => ({ kind: 'event', event }))));
    }
    expect(plain).toBeGreaterThan(300);
  });
});

/** Mostly the same frame, so that plain texts are common, with a little of everything else. */
function randomChunk(pick: <T>(...options: T[]) => T): JsonObject {
  const delta = pick<JsonObject>(
    { content: 'a' },
    { content: 'é' },
    { content: 'b' },
    { content: '' },
    { content: 'c', refusal: null },
    {},
  );
  const usual = {};
  const more = pick<JsonObject>(
    usual,
    usual,
    usual,
    usual,
    { index: 1 },
    { finish_reason: 'stop' },
    { logprobs: { content: [] } },
  );
  const chunk = chatChunk(delta, more);
  if (pick(1, 2, 3, 4, 5, 6) === 1) delete (chunk.choices as JsonObject[])[0]?.logprobs;
  if (pick(1, 2, 3, 4, 5, 6) === 1) chunk.choices = [];
  if (pick(1, 2, 3, 4, 5, 6) === 1) chunk.model = 'other';
  return { ...chunk, ...pick<JsonObject>({}, { obfuscation: 'zz' }) };
}

/** Choice 0's text, read from whole chunks and plain texts alike. */
function textIn(events: ProviderEvent[]): string {
  return events
    .map((event) => {
      if (event.kind === 'text') return event.text;
      if (event.kind !== 'event') return '';
      const [choice] = event.event.choices as JsonObject[];
      const delta = (choice?.index === 0 ? choice.delta : {}) as JsonObject;
      return String(delta.content ?? '');
    })
    .join('');
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}
