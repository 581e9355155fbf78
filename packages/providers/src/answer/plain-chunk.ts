/** Chunks of a chat completion as OpenAI would have sent them, where a provider puts their parts elsewhere. */
import { contentTextOf, isJsonObject, type JsonObject } from '@holdfast/core';
import { hasEnded } from './chat-completion.ts';

/**
 * The chunk, with
 *
 *   - index 0 in its only choice, where the first that came had another: some providers count on from chunk to chunk
 *   - what is new in a whole message (`message` in place of `delta`) as its delta
 *
 * @param isOnly it has one choice, and the answer has no other
 * @param told the text of choice 0 so far
 */
export function plainChunk(chunk: JsonObject, { isOnly, told }: { isOnly: boolean; told: string }): JsonObject {
  if (!Array.isArray(chunk.choices)) return chunk;
  const choices = chunk.choices.filter(isJsonObject);
  if (!isOnly && !choices.some(isWhole)) return chunk;
  const plain = choices.map((choice) => {
    const indexed = isOnly ? { ...choice, index: 0 } : choice;
    return isWhole(indexed) ? { ...indexed, delta: { content: newIn(indexed, told) } } : indexed;
  });
  return { ...chunk, choices: plain };
}

function isWhole({ delta, message }: JsonObject): boolean {
  return isJsonObject(message) && !isJsonObject(delta);
}

/** Messages may grow from chunk to chunk, come in pieces, or come once more at the end. */
function newIn(choice: JsonObject, told: string): string {
  const { content } = choice.message as JsonObject;
  const text = contentTextOf(content) ?? '';
  if (text.startsWith(told)) return text.slice(told.length);
  return hasEnded(choice) ? '' : text;
}
