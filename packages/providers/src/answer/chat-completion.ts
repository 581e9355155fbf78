/** Builds a ChatCompletion from the chunks of a stream, as the answer to a request without `stream` would be. */
import { isJsonObject, type JsonObject, type JsonValue } from '@holdfast/core';
import { createJoinedAudio, type JoinedAudio } from './joined-audio.ts';
import { indexOf, mergeDelta } from './merge-deltas.ts';

export interface ChatCompletionBuilder {
  add(chunk: JsonObject): void;
  /** The number of choices so far. */
  choices(): number;
  /** Whether there are choices, and all of them have ended. */
  isFinished(): boolean;
  build(): JsonObject;
}

/** The values of `finish_reason` that report a failure. */
const failureReasons = new Set(['error', 'network_error', 'insufficient_system_resource', 'abort', 'aborted']);
const noReasons = new Set(['', 'null', 'none', 'undefined']);

/** The reason of a failed choice; null: none has failed. */
export function failureReason({ choices }: JsonObject): string | null {
  const all = Array.isArray(choices) ? choices.filter(isJsonObject) : [];
  return all.map(reasonOf).find((reason) => failureReasons.has(reason.toLowerCase())) ?? null;
}

/** Whether a choice has ended. Some providers write `null` as a text while it goes on. */
export function hasEnded(choice: JsonObject): boolean {
  const reason = reasonOf(choice).toLowerCase();
  return !noReasons.has(reason) && !failureReasons.has(reason);
}

/** '' where there is none. */
function reasonOf({ finish_reason, finishReason }: JsonObject): string {
  const reason = finish_reason ?? finishReason;
  return typeof reason === 'string' ? reason : '';
}

interface Choice {
  known: JsonObject;
  audio: JoinedAudio;
}

export function createChatCompletionBuilder(): ChatCompletionBuilder {
  const rest: JsonObject = {};
  const choices = new Map<number, Choice>();
  return {
    add(chunk) {
      const { choices: pieces, obfuscation: _, ...members } = chunk;
      replaceMembers(rest, members);
      for (const piece of Array.isArray(pieces) ? pieces : []) if (isJsonObject(piece)) addPiece(choices, piece);
    },
    choices: () => choices.size,
    isFinished: () => choices.size > 0 && [...choices.values()].every(({ known }) => hasEnded(known)),
    build: () => ({
      ...rest,
      object: 'chat.completion',
      choices: [...choices].sort(([a], [b]) => a - b).map(([, choice]) => finishChoice(choice)),
    }),
  };
}

function newChoice(index: number): Choice {
  return { known: { index, message: {}, logprobs: null, finish_reason: null }, audio: createJoinedAudio() };
}

function addPiece(choices: Map<number, Choice>, piece: JsonObject): void {
  const index = indexOf(piece) ?? 0;
  const choice = choices.get(index) ?? newChoice(index);
  choices.set(index, choice);
  const { known, audio } = choice;
  const { index: _, delta, message, logprobs, finish_reason, finishReason, ...members } = piece;
  mergeMembers(known, members);
  if (hasEnded(piece)) known.finish_reason = reasonOf(piece);
  if (isJsonObject(logprobs))
    known.logprobs = mergeMembers(isJsonObject(known.logprobs) ? known.logprobs : {}, logprobs);
  if (isJsonObject(delta)) mergeDelta(known.message as JsonObject, withoutAudio(delta, audio));
  // Members that a whole message has besides its text.
  if (isJsonObject(message)) addMissing(known.message as JsonObject, message);
}

function withoutAudio(delta: JsonObject, audio: JoinedAudio): JsonObject {
  if (!isJsonObject(delta.audio) || typeof delta.audio.data !== 'string') return delta;
  const { data, ...rest } = delta.audio;
  audio.add(data as string);
  return { ...delta, audio: rest };
}

/** Lists are joined, objects are merged; of anything else the last value that isn't null stays. */
function mergeMembers(target: JsonObject, members: JsonObject): JsonObject {
  for (const [name, value] of Object.entries(members)) {
    if (name === '__proto__') continue;
    const before = target[name];
    if (Array.isArray(value) && Array.isArray(before)) before.push(...value);
    else if (Array.isArray(value)) target[name] = [...value];
    else if (isJsonObject(value)) target[name] = mergeMembers(isJsonObject(before) ? before : {}, value);
    else target[name] = value ?? before ?? null;
  }
  return target;
}

function addMissing(known: JsonObject, message: JsonObject): void {
  for (const [name, value] of Object.entries(message)) {
    const before = known[name];
    const isMissing = before === undefined || before === null || before === '';
    if (name !== '__proto__' && isMissing) known[name] = structuredClone(value);
  }
}

/** An answer always has `role` and `content`, even if its stream had none. Only streams have the index of a tool call. */
function finishChoice({ known, audio }: Choice): JsonObject {
  const message = isJsonObject(known.message) ? known.message : {};
  const calls = message.tool_calls;
  const data = audio.build();
  return {
    ...known,
    message: {
      ...message,
      role: message.role || 'assistant',
      content: finishContent(message.content ?? null),
      ...(data === null ? {} : { audio: { ...(isJsonObject(message.audio) ? message.audio : {}), data } }),
      ...(Array.isArray(calls) ? { tool_calls: finishCalls(calls) } : {}),
    },
  };
}

/** Parts that only have text become one text, as clients expect. */
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

/** Every chunk repeats these members: the last value that isn't null stays. */
function replaceMembers(target: JsonObject, members: JsonObject): void {
  for (const [name, value] of Object.entries(members)) {
    if (name !== '__proto__') target[name] = value ?? target[name] ?? null;
  }
}
