/**
 * Translates chat chunks to provider events. Most chunks only have a piece of text: those become plain text, so that a journal doesn't
 * store the same id, model and time again with every token.
 *
 * Nothing is lost. A plain text means: the frame with `delta: {content: text}` in its choice. The frame is the last whole event
 * (`event`, with or without text) whose only choice is choice 0, without that choice's delta. `obfuscation`, which is padding
 * against eavesdroppers on the provider's connection, is always dropped.
 */
import { isDeepStrictEqual } from 'node:util';
import { contentTextOf, isJsonObject, type JsonObject, type ProviderEvent } from '@holdfast/core';
import { indexOf } from './merge-deltas.ts';

interface Frame {
  rest: JsonObject;
  choice: JsonObject;
}

/** Maps the chunks of one answer, in order. */
export function createChatMapper(): (chunk: JsonObject) => ProviderEvent {
  let frame: Frame | null = null;
  return ({ obfuscation: _, ...event }) => {
    const text = textOf(event);
    const next = frameOf(event);
    if (text !== '' && next && frame && isOnlyText(event, next) && isDeepStrictEqual(next, frame)) {
      return { kind: 'text', text };
    }
    frame = next ?? frame;
    return text === '' ? { kind: 'event', event } : { kind: 'text', text, event };
  };
}

/** The text of choice 0; '': the chunk has none. */
function textOf(event: JsonObject): string {
  const choice = choicesOf(event).find(isFirst);
  return isJsonObject(choice?.delta) ? (contentTextOf(choice.delta.content) ?? '') : '';
}

function frameOf(event: JsonObject): Frame | null {
  const { choices, ...rest } = event;
  if (!Array.isArray(choices) || choices.length !== 1) return null;
  const [first] = choices;
  if (!isJsonObject(first) || !isFirst(first)) return null;
  const { delta: _, ...choice } = first;
  return { rest, choice };
}

function isOnlyText(event: JsonObject, { choice }: Frame): boolean {
  const delta = choicesOf(event)[0]?.delta;
  const isText = isJsonObject(delta) && typeof delta.content === 'string' && Object.keys(delta).length === 1;
  const hasMore = (choice.finish_reason ?? null) !== null || (choice.logprobs ?? null) !== null;
  return isText && !hasMore;
}

function choicesOf(event: JsonObject): JsonObject[] {
  return Array.isArray(event.choices) ? event.choices.filter(isJsonObject) : [];
}

/** Some providers leave out the index of a single choice. */
function isFirst(choice: JsonObject): boolean {
  return (indexOf(choice) ?? 0) === 0;
}
