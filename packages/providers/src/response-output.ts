/** The output of a Response from the events of its stream, for providers that leave it out of the last one. */
import { isJsonObject, type JsonObject, type JsonValue, outputTextOf } from '@holdfast/core';
import { indexOf } from './merge-deltas.ts';

export interface OutputBuilder {
  add(event: JsonObject): void;
  /** The response with the output that was streamed, where it has none of its own or none of the text. */
  complete(response: JsonObject): JsonObject;
  /** The response, where the stream ended without the event that tells it; null where it has told no output. */
  build(): JsonObject | null;
}

export function createOutputBuilder(): OutputBuilder {
  let begun: JsonObject = {};
  const items = new Map<number, JsonObject>();
  let text = '';
  const streamed = (): JsonValue[] => {
    const known = [...items.keys()].sort((a, b) => a - b).map((at) => items.get(at) ?? {});
    return text === '' || outputTextOf({ output: known }) !== null ? known : [...known, messageOf(text)];
  };
  const complete = (response: JsonObject): JsonObject => {
    const isWhole =
      Array.isArray(response.output) && response.output.length > 0 && (text === '' || outputTextOf(response));
    const output = isWhole ? [] : streamed();
    return output.length === 0 ? response : { ...response, output };
  };
  return {
    add(event) {
      if (isJsonObject(event.response)) begun = event.response;
      if (event.type === 'response.output_text.delta' && typeof event.delta === 'string') text += event.delta;
      if (event.type === 'response.output_item.done' && isJsonObject(event.item)) {
        items.set(indexOf({ index: event.output_index ?? null }) ?? items.size, event.item);
      }
    },
    complete,
    build: () => (text === '' && items.size === 0 ? null : complete({ ...begun, status: 'completed' })),
  };
}

function messageOf(text: string): JsonObject {
  const part = { type: 'output_text', text, annotations: [] };
  return { type: 'message', role: 'assistant', status: 'completed', content: [part] };
}
