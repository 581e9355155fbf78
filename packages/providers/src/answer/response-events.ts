/**
 * Translates events of the Responses API to provider events. Text deltas that only have a piece of text become plain text.
 *
 * Nothing is lost. A plain text means: the frame with `delta: text` and the next sequence number. The frame is the last whole
 * `response.output_text.delta` without these two members; or, where a `response.content_part.added` came later, a delta of that part
 * (item_id, output_index, content_index) with `logprobs: []`. `obfuscation`, which is padding against eavesdroppers on the
 * provider's connection, is always dropped.
 */
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject, JsonValue, ProviderEvent } from '@holdfast/core';

const textDelta = 'response.output_text.delta';

type MappedEvent = Extract<ProviderEvent, { kind: 'text' | 'event' }>;

/**
 * Maps the events of one answer, in order. They may begin in the middle: then the first delta is passed on whole, since no event
 * before it is known.
 */
export function createResponseMapper(): (event: JsonObject) => MappedEvent {
  let frame: JsonObject | null = null;
  let sequence: JsonValue | undefined;
  return ({ obfuscation: _, ...event }) => {
    const inSequence = event.sequence_number === following(sequence);
    sequence = event.sequence_number;
    if (event.type === 'response.content_part.added') frame = frameOfPart(event);
    if (event.type !== textDelta || typeof event.delta !== 'string' || event.delta === '')
      return { kind: 'event', event };
    const { delta: text, sequence_number: _number, ...next } = event;
    if (inSequence && hasNoLogprobs(next) && isDeepStrictEqual(next, frame)) return { kind: 'text', text };
    frame = next;
    return { kind: 'text', text, event };
  };
}

/** The expected next sequence number; undefined for providers that don't number events. */
function following(sequence: JsonValue | undefined): JsonValue | undefined {
  return typeof sequence === 'number' ? sequence + 1 : undefined;
}

function frameOfPart({ item_id = null, output_index = null, content_index = null }: JsonObject): JsonObject {
  return { type: textDelta, item_id, output_index, content_index, logprobs: [] };
}

function hasNoLogprobs({ logprobs }: JsonObject): boolean {
  return logprobs === undefined || (Array.isArray(logprobs) && logprobs.length === 0);
}
