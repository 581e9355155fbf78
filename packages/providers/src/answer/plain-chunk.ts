/** Normalizes chunks of a chat completion of providers that put their parts elsewhere than OpenAI. */
import { contentTextOf, isJsonObject, type JsonObject } from '@holdfast/core';
import { hasEnded } from './chat-completion.ts';

/**
 * Normalizes a chunk:
 *
 *   - its only choice gets the index 0, where the first chunk had another index: some providers count the chunks
 *   - the new part of a whole message (`message` instead of `delta`) becomes its delta
 *
 * @param isOnly the answer has only one choice
 * @param emitted the text of choice 0 so far
 */
export function plainChunk(chunk: JsonObject, { isOnly, emitted }: { isOnly: boolean; emitted: string }): JsonObject {
  if (!Array.isArray(chunk.choices)) return chunk;
  const choices = chunk.choices.filter(isJsonObject);
  if (!isOnly && !choices.some(isWhole)) return chunk;
  const plain = choices.map((choice) => {
    const indexed = isOnly ? { ...choice, index: 0 } : choice;
    return isWhole(indexed) ? { ...indexed, delta: { content: newIn(indexed, emitted) } } : indexed;
  });
  return { ...chunk, choices: plain };
}

function isWhole({ delta, message }: JsonObject): boolean {
  return isJsonObject(message) && !isJsonObject(delta);
}

/** Messages may grow from chunk to chunk, come in pieces, or be repeated at the end. */
function newIn(choice: JsonObject, emitted: string): string {
  const { content } = choice.message as JsonObject;
  const text = contentTextOf(content) ?? '';
  if (text.startsWith(emitted)) return text.slice(emitted.length);
  return hasEnded(choice) ? '' : text;
}
