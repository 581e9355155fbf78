/** Builds the ChatCompletion that a request without `stream` would have been answered with, from the chunks of a stream. */
import { isJsonObject, type JsonObject, type JsonValue } from '@holdfast/core';
import { mergeDelta } from './merge-deltas.ts';

export interface ChatCompletionBuilder {
  add(chunk: JsonObject): void;
  /** Whether `choices` choices (or more) have come, and all that have come have a `finish_reason`. */
  isFinished(choices: number): boolean;
  build(): JsonObject;
}

export function createChatCompletionBuilder(): ChatCompletionBuilder {
  const rest: JsonObject = {};
  const choices = new Map<number, JsonObject>();
  return {
    add(chunk) {
      const { choices: pieces, obfuscation: _, ...members } = chunk;
      keepLast(rest, members);
      for (const piece of Array.isArray(pieces) ? pieces : []) if (isJsonObject(piece)) addPiece(choices, piece);
    },
    isFinished: (expected) =>
      choices.size >= expected && [...choices.values()].every((choice) => typeof choice.finish_reason === 'string'),
    build: () => ({
      ...rest,
      object: 'chat.completion',
      choices: [...choices.keys()].sort((a, b) => a - b).map((index) => finishChoice(choices.get(index) ?? {})),
    }),
  };
}

function addPiece(choices: Map<number, JsonObject>, piece: JsonObject): void {
  const index = typeof piece.index === 'number' ? piece.index : 0;
  const choice = choices.get(index) ?? { index, message: {}, logprobs: null, finish_reason: null };
  choices.set(index, choice);
  const { index: _, delta, logprobs, ...members } = piece;
  keepLast(choice, members);
  mergeDelta(choice, { logprobs: logprobs ?? null, message: delta ?? null });
}

/** `role` and `content` are always there in an answer; the index of a tool call only in a stream. */
function finishChoice(choice: JsonObject): JsonObject {
  const message = isJsonObject(choice.message) ? choice.message : {};
  const calls = message.tool_calls;
  return {
    ...choice,
    message: {
      role: 'assistant',
      content: null,
      ...message,
      ...(Array.isArray(calls) ? { tool_calls: finishCalls(calls) } : {}),
    },
  };
}

function finishCalls(calls: JsonValue[]): JsonObject[] {
  return calls
    .filter(isJsonObject)
    .sort((a, b) => Number(a.index ?? 0) - Number(b.index ?? 0))
    .map(({ index: _, ...call }) => call);
}

/** Of members that every chunk repeats, the last that says something. */
function keepLast(target: JsonObject, members: JsonObject): void {
  for (const [name, value] of Object.entries(members)) {
    if (name !== '__proto__') target[name] = value ?? target[name] ?? null;
  }
}
