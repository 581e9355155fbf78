/** Builds the output of a Response from its stream, for providers whose last event lacks the output, or a part of it. */
import { isJsonObject, type JsonObject, type JsonValue, outputTextOf } from '@holdfast/core';
import { indexOf } from './merge-deltas.ts';

export interface OutputBuilder {
  add(event: JsonObject): void;
  /** The response, with the streamed output where its own lacks items or text. */
  complete(response: JsonObject): JsonObject;
  /** The response, where the stream ended without its last event; null: no output was streamed. */
  build(): JsonObject | null;
}

/** One item of the output, as far as it is known. */
interface Item {
  /** As it was added, or done. */
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
    const items = streamed();
    if (items.length === 0 || own.length > items.length) return response;
    const isWhole = own.length > 0 && (outputTextOf({ output: own }) ?? '') === (outputTextOf({ output: items }) ?? '');
    return isWhole ? response : { ...response, output: mergeItems(own, items) };
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

/** The item as it was streamed; empty where nothing of it was streamed. */
function finishItem({ item, isDone, text, arguments: args }: Item): JsonObject[] {
  const hasText = outputTextOf({ output: [item] }) !== null;
  if (text !== '' && !hasText) {
    const part = { type: 'output_text', text, annotations: [] };
    return [{ type: 'message', role: 'assistant', ...item, status: 'completed', content: [part] }];
  }
  if (args !== '' && !isDone) return [{ type: 'function_call', ...item, status: 'completed', arguments: args }];
  return isDone ? [item] : [];
}

/** The items of the last event, and those that were only streamed. */
function mergeItems(own: readonly JsonValue[], items: readonly JsonObject[]): JsonValue[] {
  const isOwn = (one: JsonObject) =>
    own.some((item) => isJsonObject(item) && (item.id ?? item.type) === (one.id ?? one.type) && item.type === one.type);
  const missing = items.filter(
    (one) => !isOwn(one) || (one.type === 'message' && outputTextOf({ output: [...own] }) === null),
  );
  return [
    ...missing,
    ...own.filter(
      (item) => !missing.some((one) => isJsonObject(item) && item.type === 'message' && one.type === 'message'),
    ),
  ];
}
