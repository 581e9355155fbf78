/** What each endpoint's answer is made of: how its stream becomes provider events, and when and as what it is complete. */
import {
  type AttemptError,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  outputTextOf,
  type ProviderEvent,
} from '@holdfast/core';
import { type BackgroundResponse, learnId } from '../call/background-response.ts';
import type { Failures } from '../failure/failures.ts';
import { createChatCompletionBuilder, failureReason } from './chat-completion.ts';
import { createChatMapper } from './chat-events.ts';
import { indexOf } from './merge-deltas.ts';
import { plainChunk } from './plain-chunk.ts';
import { createResponseMapper } from './response-events.ts';
import { createOutputBuilder } from './response-output.ts';
import { type TokenUsage, usageIn } from './usage.ts';

export type Result = Extract<ProviderEvent, { kind: 'result' }>;

/**
 * How a stream came to its end:
 *
 *   done     the provider said that this was all: `[DONE]`
 *   closed   it closed the stream in order
 *   broken   the connection was lost
 */
export type Ending = 'done' | 'closed' | 'broken';

/** What is still to be told, and the answer. */
export interface Whole {
  events: ProviderEvent[];
  result: Result;
}

export interface AnswerReader {
  /** What the next event of the stream tells, in order. Throws the AttemptError it tells of, if it tells of one. */
  read(event: JsonObject): ProviderEvent[];
  /** No further event matters. */
  hasEnded(): boolean;
  /** How long the stream may go on after what has come, in ms; null: until its end. */
  graceMs(): number | null;
  /** The whole answer, or null where some of it is missing. Throws the AttemptError that such an end tells of. */
  finish(ending: Ending): Whole | null;
  /** Some of the answer has come, so the provider has worked on it. */
  hasGenerated(): boolean;
  /** An answer that wasn't streamed, or null where it is none. Throws as `read` does. */
  readWhole(answer: JsonObject): Whole | null;
}

/** A stream may stay open so long after all has come, in ms: after the usage, and without it, since it comes after the rest. */
const GRACE_MS = 2_000;
const LONG_GRACE_MS = 10_000;

export function createChatReader(body: JsonObject, failures: Failures): AnswerReader {
  const map = createChatMapper();
  const completion = createChatCompletionBuilder();
  const asked = typeof body.n === 'number' ? body.n : 1;
  const teller = createEmittedText();
  let usage: TokenUsage | null = null;
  let chunks = 0;
  /** Index of the first choice that came. */
  let beginsAt: number | null = null;
  /** Some providers say of every chunk that it is the last. */
  let wentOn = false;
  let endsWithContent = false;
  const read = (given: JsonObject): ProviderEvent => {
    const [first] = choicesIn(given);
    if (first) beginsAt ??= indexOf(first) ?? 0;
    const isOnly = asked === 1 && beginsAt !== null && beginsAt > 0;
    const chunk = plainChunk(given, { isOnly, told: teller.told() });
    const hasContent = hasNewContent(chunk);
    wentOn ||= hasContent && completion.isFinished();
    if (hasContent) endsWithContent = true;
    else if (choicesIn(chunk).length > 0) endsWithContent = false;
    chunks += 1;
    usage = usageIn(chunk) ?? usage;
    completion.add(chunk);
    const event = map(chunk);
    teller.tell(event);
    const reason = failureReason(chunk);
    if (reason) throw failures.errorEvent({ message: `it ended with finish_reason "${reason}"` }, true);
    return event;
  };
  const whole = (output: JsonObject = completion.build()): Whole => ({
    events: teller.rest(output),
    result: { kind: 'result', output, usage },
  });
  // Some providers ignore `n`: what has its usage is all.
  const hasAll = () => completion.isFinished() && (completion.choices() >= asked || usage !== null);
  return {
    read: (chunk) => [read(chunk)],
    hasEnded: () => false,
    graceMs() {
      if (!hasAll() || wentOn) return null;
      return usage && !endsWithContent ? GRACE_MS : LONG_GRACE_MS;
    },
    finish(ending) {
      if (ending === 'broken') return hasAll() ? whole() : null;
      if (completion.isFinished() || (ending === 'done' && completion.choices() > 0)) return whole();
      // An orderly end without a choice: nothing can be said to this prompt.
      if (completion.choices() === 0 && chunks > 0 && (ending === 'done' || usage !== null)) throw failures.blocked();
      return null;
    },
    hasGenerated: () => chunks > 0,
    readWhole(answer) {
      if (!Array.isArray(answer.choices) && answer.object !== 'chat.completion') return null;
      const choices = sortedChoices(answer);
      if (choices.length === 0) throw failures.blocked();
      const event = read(chunkOf({ ...answer, choices }));
      // As it came, not as it would be built; but a chunk, which came alone, is built.
      const isChunk = choices.every(({ message }) => message === undefined);
      const { events, result } = isChunk ? whole() : whole({ ...answer, choices });
      return { events: [event, ...events], result };
    },
  };
}

function choicesIn({ choices }: JsonObject): JsonObject[] {
  return Array.isArray(choices) ? choices.filter(isJsonObject) : [];
}

/** Whether there is more of an answer in a chunk: something in a delta, beside whose it is. */
function hasNewContent(chunk: JsonObject): boolean {
  return choicesIn(chunk).some(({ delta }) => {
    const { role: _, ...news } = isJsonObject(delta) ? delta : {};
    return Object.values(news).some((value) => value && (!Array.isArray(value) || value.length > 0));
  });
}

function sortedChoices(answer: JsonObject): JsonObject[] {
  return choicesIn(answer).sort((a, b) => (indexOf(a) ?? 0) - (indexOf(b) ?? 0));
}

/** The one chunk that a whole answer could have been streamed as. */
function chunkOf(answer: JsonObject): JsonObject {
  return {
    ...answer,
    object: 'chat.completion.chunk',
    choices: choicesIn(answer).map(({ message, ...choice }) => ({ ...choice, delta: message ?? choice.delta ?? null })),
  };
}

const beforeGeneration = new Set<unknown>(['response.created', 'response.queued', 'response.in_progress']);
const completionEvents = new Set<unknown>(['response.completed', 'response.incomplete', 'response.done']);

/** @param background of a call that is more than a plain one; told of what comes */
export function createResponseReader(failures: Failures, background?: BackgroundResponse): AnswerReader {
  const tell = createTeller(background);
  const output = createOutputBuilder();
  const teller = createEmittedText();
  // Of a response that is taken up in its middle not all has come by here.
  const isFromStart = (background?.after ?? null) === null;
  let generated = false;
  let ended: JsonObject | null = null;
  let usage: TokenUsage | null = null;
  const end = (error: AttemptError): AttemptError => {
    if (background) background.isOver = true;
    return error;
  };
  const accept = (response: JsonObject): JsonObject | null => {
    if (response.status === 'failed') throw end(failures.responseFailed(response.error, generated));
    if (response.status === 'cancelled') throw end(failures.responseCancelled());
    return response.status === 'queued' || response.status === 'in_progress' ? null : response;
  };
  const whole = (response: JsonObject): Whole => {
    const complete = isFromStart ? output.complete(response) : response;
    const result = resultOf(complete);
    return { events: isFromStart ? teller.rest(complete) : [], result: { ...result, usage: result.usage ?? usage } };
  };
  return {
    read(event) {
      const response = isJsonObject(event.response) ? event.response : {};
      if (event.type === 'response.failed') throw end(failures.responseFailed(response.error, generated));
      if (completionEvents.has(event.type) && isJsonObject(event.response)) ended = accept(response);
      generated ||= !beforeGeneration.has(event.type);
      usage = usageIn(event) ?? usage;
      output.add(event);
      const said = tell(event, response);
      for (const one of said) teller.tell(one);
      return said;
    },
    hasEnded: () => ended !== null,
    graceMs: () => null,
    finish(ending) {
      if (ended) return whole(ended);
      const built = ending === 'done' && isFromStart && !background?.id ? output.build() : null;
      return built && whole(built);
    },
    hasGenerated: () => generated,
    readWhole(answer) {
      const response = isResponse(answer) ? accept(answer) : null;
      return response && whole(response);
    },
  };
}

/** Says what an event tells the caller: first the id, where it is news, and nothing that the caller has already. */
function createTeller(background: BackgroundResponse | undefined) {
  const map = createResponseMapper();
  const after = background?.after ?? null;
  return (event: JsonObject, response: JsonObject): ProviderEvent[] => {
    const cursor = event.sequence_number;
    const isNumbered = typeof cursor === 'number' && Number.isSafeInteger(cursor);
    // Some providers don't know `starting_after` and begin at the beginning.
    if (isNumbered && after !== null && cursor <= after) return [];
    const id = background ? learnId(background, response) : null;
    if (background) background.hasNews = true;
    const said = isNumbered ? { ...map(event), cursor } : map(event);
    return id === null ? [said] : [{ kind: 'response', id }, said];
  };
}

/** Sees to it that readers are told all the text that the answer has, whatever of it was streamed. */
function createEmittedText() {
  let told = '';
  return {
    told: () => told,
    tell(event: ProviderEvent): void {
      if (event.kind === 'text') told += event.text;
    },
    rest(output: JsonValue): ProviderEvent[] {
      const text = outputTextOf(output) ?? '';
      return text.length > told.length && text.startsWith(told)
        ? [{ kind: 'text', text: text.slice(told.length) }]
        : [];
    },
  };
}

export function isResponse(answer: JsonObject): boolean {
  return answer.object === 'response' || Array.isArray(answer.output);
}

export function resultOf(output: JsonObject): Result {
  return { kind: 'result', output, usage: usageIn(output) };
}
