import type { JsonObject, ProviderEvent } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { createResponseMapper } from './response-events.ts';

const textDelta = 'response.output_text.delta';

/** The inverse of the mapper: what the events say, as a provider would have sent them. */
function rebuild(events: ProviderEvent[]): JsonObject[] {
  let frame: JsonObject = {};
  let sequence: JsonObject[string] | undefined;
  return events.map((event) => {
    if (event.kind === 'result' || event.kind === 'response') throw new Error('only text and events expected');
    if (event.kind === 'text' && !event.event) {
      const next = typeof sequence === 'number' ? { sequence_number: sequence + 1 } : {};
      sequence = next.sequence_number;
      return { ...frame, ...next, delta: event.text };
    }
    const whole = event.event ?? {};
    sequence = whole.sequence_number;
    const { delta: _, sequence_number: __, ...rest } = whole;
    if (event.kind === 'text') frame = rest;
    if (whole.type === 'response.content_part.added') {
      const { item_id = null, output_index = null, content_index = null } = whole;
      frame = { type: textDelta, item_id, output_index, content_index, logprobs: [] };
    }
    return whole;
  });
}

const place = { item_id: 'msg_1', output_index: 0, content_index: 0 };
const part = (sequence_number: number, at: JsonObject = place): JsonObject => ({
  type: 'response.content_part.added',
  ...at,
  sequence_number,
  part: { type: 'output_text', text: '', annotations: [] },
});
const delta = (sequence_number: number, text: string, more: JsonObject = {}): JsonObject => ({
  type: textDelta,
  ...place,
  delta: text,
  logprobs: [],
  sequence_number,
  ...more,
});
const mapAll = (events: JsonObject[]) => events.map(createResponseMapper());

describe('the mapper of response events', () => {
  it('keeps only the text of deltas that follow their part', () => {
    const padded = delta(6, 'lo', { obfuscation: 'xyz' });
    expect(mapAll([part(4), delta(5, 'Hel'), padded])).toEqual([
      { kind: 'event', event: part(4) },
      { kind: 'text', text: 'Hel' },
      { kind: 'text', text: 'lo' },
    ]);
  });

  it.each<[string, JsonObject]>([
    ['of another item', delta(5, 'a', { item_id: 'msg_2' })],
    ['of another part', delta(5, 'a', { content_index: 1 })],
    ['out of sequence', delta(7, 'a')],
    ['with log probabilities', delta(5, 'a', { logprobs: [{ token: 'a', logprob: -1 }] })],
    ['with an unknown member', delta(5, 'a', { speaker: 2 })],
  ])('keeps a delta whole that is %s', (_, event) => {
    expect(mapAll([part(4), event])[1]).toEqual({ kind: 'text', text: 'a', event });
  });

  it('learns from one whole delta what a provider leaves out', () => {
    const bare = (text: string): JsonObject => ({ type: textDelta, ...place, delta: text });
    const events = mapAll([bare('a'), bare('b'), bare('c')]);
    expect(events).toEqual([
      { kind: 'text', text: 'a', event: bare('a') },
      { kind: 'text', text: 'b' },
      { kind: 'text', text: 'c' },
    ]);
  });

  it('keeps the first delta whole that it sees of an answer resumed in its middle', () => {
    expect(mapAll([delta(7, 'a'), delta(8, 'b')])).toEqual([
      { kind: 'text', text: 'a', event: delta(7, 'a') },
      { kind: 'text', text: 'b' },
    ]);
  });

  it('passes on unknown events', () => {
    const event = { type: 'response.brand_new.delta', delta: 'x', sequence_number: 1 };
    expect(mapAll([event])).toEqual([{ kind: 'event', event }]);
  });

  it('loses nothing: random streams can be rebuilt from the events', () => {
    let state = 7;
    const pick = <T>(...options: T[]) => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return options[Math.floor((state / 2 ** 31) * options.length)] as T;
    };
    let plain = 0;
    for (let run = 0; run < 300; run += 1) {
      let number = 0;
      const stream = Array.from({ length: 20 }, () => {
        number += pick(1, 1, 1, 1, 1, 1, 2);
        const more = pick<JsonObject>(
          {},
          {},
          {},
          {},
          { item_id: 'msg_2' },
          { logprobs: [{ token: 'a' }] },
          { delta: '' },
          { extra: 1 },
        );
        const event = pick(
          part(number, { ...place, item_id: pick('msg_1', 'msg_2') }),
          ...Array(5).fill(delta(number, 'é', more)),
        );
        if (pick(1, 2, 3, 4, 5, 6, 7, 8) === 1) delete event.sequence_number;
        if (pick(1, 2, 3, 4, 5, 6, 7, 8) === 1) delete event.logprobs;
        return event;
      });
      const events = mapAll(stream);
      plain += events.filter((event) => event.kind === 'text' && !event.event).length;
      expect(rebuild(events)).toEqual(stream);
    }
    expect(plain).toBeGreaterThan(300);
  });
});
