/** The output of a Response from the events of its stream, for providers that leave it, or parts of it, out of the last one. */
import { isJsonObject, type JsonObject, type JsonValue, outputTextOf } from '@holdfast/core';
import { indexOf } from './merge-deltas.ts';

export interface OutputBuilder {
  add(event: JsonObject): void;
  /** The response, with what was streamed of its output where it has none of its own, or none of the text. */
  complete(response: JsonObject): JsonObject;
  /** The response, where the stream ended without the event that tells it; null where it has told no output. */
  build(): JsonObject | null;
}

/** What is known of one item of the output. */
interface Item {
  /** As it was when it was begun, or done. */
  item: JsonObject;
  isDone: boolean;
  text: string;
  arguments: string;
}

export function createOutputBuilder(): OutputBuilder {
  let begun: JsonObject = {};
  const items = new Map<number, Item>();
  const itemOf = ({ output_index }: JsonObject): Item => {
    const index = indexOf({ index: output_index ?? null }) ?? 0;
    const known = items.get(index) ?? { item: {}, isDone: false, text: '', arguments: '' };
    items.set(index, known);
    return known;
  };
  const streamed = () => [...items].sort(([a], [b]) => a - b).flatMap(([, item]) => finishItem(item));
  const complete = (response: JsonObject): JsonObject => {
    const own = Array.isArray(response.output) ? response.output : [];
    const told = streamed();
    if (told.length === 0 || own.length > told.length) return response;
    const isWhole = own.length > 0 && (outputTextOf({ output: own }) ?? '') === (outputTextOf({ output: told }) ?? '');
    return isWhole ? response : { ...response, output: mergeItems(own, told) };
  };
  return {
    add(event) {
      if (isJsonObject(event.response)) begun = event.response;
      addTo(itemOf, event);
    },
    complete,
    build: () => (streamed().length === 0 ? null : complete({ ...begun, status: 'completed' })),
  };
}

function addTo(itemOf: (event: JsonObject) => Item, event: JsonObject): void {
  const { type, delta, item } = event;
  switch (type) {
    case 'response.output_item.added':
      if (isJsonObject(item)) itemOf(event).item = item;
      break;
    case 'response.output_item.done':
      if (isJsonObject(item)) Object.assign(itemOf(event), { item, isDone: true });
      break;
    case 'response.output_text.delta':
      if (typeof delta === 'string') itemOf(event).text += delta;
      break;
    case 'response.output_text.done':
      if (typeof event.text === 'string' && itemOf(event).text === '') itemOf(event).text = event.text;
      break;
    case 'response.function_call_arguments.delta':
      if (typeof delta === 'string') itemOf(event).arguments += delta;
      break;
    case 'response.function_call_arguments.done':
      if (typeof event.arguments === 'string') itemOf(event).arguments = event.arguments;
  }
}

/** What was streamed of it; nothing where that was nothing. */
function finishItem({ item, isDone, text, arguments: args }: Item): JsonObject[] {
  const hasText = outputTextOf({ output: [item] }) !== null;
  if (text !== '' && !hasText) {
    const part = { type: 'output_text', text, annotations: [] };
    return [{ type: 'message', role: 'assistant', ...item, status: 'completed', content: [part] }];
  }
  if (args !== '' && !isDone) return [{ type: 'function_call', ...item, status: 'completed', arguments: args }];
  return isDone ? [item] : [];
}

/** The items of the last event, with those that only the stream has told. */
function mergeItems(own: readonly JsonValue[], told: readonly JsonObject[]): JsonValue[] {
  const isOwn = (one: JsonObject) =>
    own.some((item) => isJsonObject(item) && (item.id ?? item.type) === (one.id ?? one.type) && item.type === one.type);
  const missing = told.filter(
    (one) => !isOwn(one) || (one.type === 'message' && outputTextOf({ output: [...own] }) === null),
  );
  return [
    ...missing,
    ...own.filter(
      (item) => !missing.some((one) => isJsonObject(item) && item.type === 'message' && one.type === 'message'),
    ),
  ];
}
