/** Builds the ChatCompletion that a request without `stream` would have been answered with, from the chunks of a stream. */
import { isJsonObject, type JsonObject, type JsonValue } from '@holdfast/core';
import { indexOf, mergeDelta } from './merge-deltas.ts';

export interface ChatCompletionBuilder {
  add(chunk: JsonObject): void;
  /** How many choices have come. */
  choices(): number;
  /** Some have come, and all of these have ended. */
  isFinished(): boolean;
  build(): JsonObject;
}

/** A `finish_reason` by which a provider says that it has broken off. */
const failureReasons = new Set<unknown>(['error', 'network_error', 'insufficient_system_resource', 'abort', 'aborted']);

/** The reason of a choice that has failed; null: none has. */
export function failureReason({ choices }: JsonObject): string | null {
  const reasons = Array.isArray(choices)
    ? choices.map((choice) => (isJsonObject(choice) ? choice.finish_reason : null))
    : [];
  return (reasons.find((reason) => failureReasons.has(reason)) as string | undefined) ?? null;
}

/** Some providers write as text that a choice goes on. */
function isEnd(reason: JsonValue | undefined): boolean {
  if (typeof reason !== 'string' || failureReasons.has(reason)) return false;
  return !['', 'null', 'none', 'undefined'].includes(reason.toLowerCase());
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
    choices: () => choices.size,
    isFinished: () => choices.size > 0 && [...choices.values()].every(({ finish_reason }) => isEnd(finish_reason)),
    build: () => ({
      ...rest,
      object: 'chat.completion',
      choices: [...choices.keys()].sort((a, b) => a - b).map((index) => finishChoice(choices.get(index) ?? {})),
    }),
  };
}

function addPiece(choices: Map<number, JsonObject>, piece: JsonObject): void {
  const index = indexOf(piece) ?? 0;
  const choice = choices.get(index) ?? { index, message: {}, logprobs: null, finish_reason: null };
  choices.set(index, choice);
  const { index: _, delta, message, logprobs, finish_reason, ...members } = piece;
  keepLast(choice, isEnd(finish_reason) ? { ...members, finish_reason: finish_reason ?? null } : members);
  addLogprobs(choice, logprobs);
  const known = choice.message as JsonObject;
  mergeDelta(known, isJsonObject(delta) ? delta : {});
  // A whole message, alone or after its pieces: then it says once more what they have said.
  if (isJsonObject(message)) keepMissing(known, message);
}

/** One entry to a token: nothing to be merged. */
function addLogprobs(choice: JsonObject, logprobs: JsonValue | undefined): void {
  if (!isJsonObject(logprobs)) return;
  const known = isJsonObject(choice.logprobs) ? choice.logprobs : {};
  for (const [name, value] of Object.entries(logprobs)) {
    if (name === '__proto__') continue;
    const before = known[name];
    known[name] = Array.isArray(value) && Array.isArray(before) ? [...before, ...value] : (value ?? before ?? null);
  }
  choice.logprobs = known;
}

function keepMissing(known: JsonObject, message: JsonObject): void {
  for (const [name, value] of Object.entries(message)) {
    const before = known[name];
    const isMissing = before === undefined || before === null || before === '';
    if (name !== '__proto__' && isMissing) known[name] = structuredClone(value);
  }
}

/** `role` and `content` are always there in an answer, however empty in its stream; the index of a tool call only in a stream. */
function finishChoice(choice: JsonObject): JsonObject {
  const message = isJsonObject(choice.message) ? choice.message : {};
  const calls = message.tool_calls;
  return {
    ...choice,
    message: {
      ...message,
      role: message.role || 'assistant',
      content: finishContent(message.content ?? null),
      ...(Array.isArray(calls) ? { tool_calls: finishCalls(calls) } : {}),
    },
  };
}

/** Parts that are nothing but text are what clients expect as text. */
function finishContent(content: JsonValue): JsonValue {
  if (!Array.isArray(content) || content.length === 0) return content;
  const texts = content.map((part) => {
    const isPlain = isJsonObject(part) && part.type === 'text' && Object.keys(part).length === 2;
    return isPlain && typeof part.text === 'string' ? part.text : null;
  });
  return texts.includes(null) ? content : texts.join('');
}

function finishCalls(calls: JsonValue[]): JsonObject[] {
  return calls
    .filter(isJsonObject)
    .map((call, at) => ({ call, index: indexOf(call) ?? at }))
    .sort((a, b) => a.index - b.index)
    .map(({ call: { index: _, ...call } }) => call);
}

/** Of members that every chunk repeats, the last that says something. */
function keepLast(target: JsonObject, members: JsonObject): void {
  for (const [name, value] of Object.entries(members)) {
    if (name !== '__proto__') target[name] = value ?? target[name] ?? null;
  }
}
