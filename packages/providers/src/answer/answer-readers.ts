/** How each endpoint's answer is read: how its stream becomes provider events, when it is complete, and what it is then. */
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
 * How a stream ended:
 *
 *   done     the provider sent `[DONE]`
 *   closed   the provider closed the stream
 *   broken   the connection was lost
 */
export type Ending = 'done' | 'closed' | 'broken';

/** The whole answer, with the events that have not been emitted yet. */
export interface Whole {
  events: ProviderEvent[];
  result: Result;
}

export interface AnswerReader {
  /** Translates the next event of the stream. Throws an AttemptError where the event reports an error. */
  read(event: JsonObject): ProviderEvent[];
  /** Whether further events don't matter. */
  hasEnded(): boolean;
  /** How much longer the stream may stay open, in ms; null: until its end. */
  graceMs(): number | null;
  /** The whole answer; null: a part is missing. Throws an AttemptError where this end reports an error. */
  finish(ending: Ending): Whole | null;
  /** Whether a part of the answer has come, so that the provider has worked on it. */
  hasGenerated(): boolean;
  /** Reads an answer that wasn't streamed; null: it isn't an answer. Throws as `read` does. */
  readWhole(answer: JsonObject): Whole | null;
}

/** How long a stream may stay open after the whole answer, in ms: with its usage; and without it, since it comes last. */
const GRACE_MS = 2_000;
const LONG_GRACE_MS = 10_000;

export function createChatReader(body: JsonObject, failures: Failures): AnswerReader {
  const map = createChatMapper();
  const completion = createChatCompletionBuilder();
  const requested = typeof body.n === 'number' ? body.n : 1;
  const emitted = createEmittedText();
  let usage: TokenUsage | null = null;
  let chunks = 0;
  /** Index of the first choice in the stream. */
  let beginsAt: number | null = null;
  /** The answer went on after its end: some providers mark every chunk as the last. */
  let wentOn = false;
  let endsWithContent = false;
  const read = (given: JsonObject): ProviderEvent => {
    const [first] = choicesIn(given);
    if (first) beginsAt ??= indexOf(first) ?? 0;
    const isOnly = requested === 1 && beginsAt !== null && beginsAt > 0;
    const chunk = plainChunk(given, { isOnly, emitted: emitted.text() });
    const hasContent = hasNewContent(chunk);
    wentOn ||= hasContent && completion.isFinished();
    if (hasContent) endsWithContent = true;
    else if (choicesIn(chunk).length > 0) endsWithContent = false;
    chunks += 1;
    usage = usageIn(chunk) ?? usage;
    completion.add(chunk);
    const event = map(chunk);
    emitted.add(event);
    const reason = failureReason(chunk);
    if (reason) throw failures.errorEvent({ message: `it ended with finish_reason "${reason}"` }, true);
    return event;
  };
  const whole = (output: JsonObject = completion.build()): Whole => ({
    events: emitted.rest(output),
    result: { kind: 'result', output, usage },
  });
  // Some providers ignore `n`: an answer with its usage is complete.
  const hasAll = () => completion.isFinished() && (completion.choices() >= requested || usage !== null);
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
      // A regular end without a choice: the provider has nothing to say to this prompt.
      if (completion.choices() === 0 && chunks > 0 && (ending === 'done' || usage !== null)) throw failures.blocked();
      return null;
    },
    hasGenerated: () => chunks > 0,
    readWhole(answer) {
      if (!Array.isArray(answer.choices) && answer.object !== 'chat.completion') return null;
      const choices = sortedChoices(answer);
      if (choices.length === 0) throw failures.blocked();
      const event = read(chunkOf({ ...answer, choices }));
      // The answer as it came, not as it would be built. Only a single chunk is built.
      const isChunk = choices.every(({ message }) => message === undefined);
      const { events, result } = isChunk ? whole() : whole({ ...answer, choices });
      return { events: [event, ...events], result };
    },
  };
}

function choicesIn({ choices }: JsonObject): JsonObject[] {
  return Array.isArray(choices) ? choices.filter(isJsonObject) : [];
}

/** Whether a chunk has a part of the answer: a delta with more than its role. */
function hasNewContent(chunk: JsonObject): boolean {
  return choicesIn(chunk).some(({ delta }) => {
    const { role: _, ...news } = isJsonObject(delta) ? delta : {};
    return Object.values(news).some((value) => value && (!Array.isArray(value) || value.length > 0));
  });
}

function sortedChoices(answer: JsonObject): JsonObject[] {
  return choicesIn(answer).sort((a, b) => (indexOf(a) ?? 0) - (indexOf(b) ?? 0));
}

/** A whole answer as the single chunk of a stream. */
function chunkOf(answer: JsonObject): JsonObject {
  return {
    ...answer,
    object: 'chat.completion.chunk',
    choices: choicesIn(answer).map(({ message, ...choice }) => ({ ...choice, delta: message ?? choice.delta ?? null })),
  };
}

const beforeGeneration = new Set<unknown>(['response.created', 'response.queued', 'response.in_progress']);
const completionEvents = new Set<unknown>(['response.completed', 'response.incomplete', 'response.done']);

/** @param background of a call in the background; it is updated by the events */
export function createResponseReader(failures: Failures, background?: BackgroundResponse): AnswerReader {
  const translate = createBackgroundMapper(background);
  const output = createOutputBuilder();
  const emitted = createEmittedText();
  // A response that is resumed in its middle is not read from its start.
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
    return { events: isFromStart ? emitted.rest(complete) : [], result: { ...result, usage: result.usage ?? usage } };
  };
  return {
    read(event) {
      const response = isJsonObject(event.response) ? event.response : {};
      if (event.type === 'response.failed') throw end(failures.responseFailed(response.error, generated));
      if (completionEvents.has(event.type) && isJsonObject(event.response)) ended = accept(response);
      generated ||= !beforeGeneration.has(event.type);
      usage = usageIn(event) ?? usage;
      output.add(event);
      const events = translate(event, response);
      for (const one of events) emitted.add(one);
      return events;
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

/** Translates events for the caller: first the id, when it is new, and no event that the caller has already. */
function createBackgroundMapper(background: BackgroundResponse | undefined) {
  const map = createResponseMapper();
  const after = background?.after ?? null;
  return (event: JsonObject, response: JsonObject): ProviderEvent[] => {
    const cursor = event.sequence_number;
    const isNumbered = typeof cursor === 'number' && Number.isSafeInteger(cursor);
    // Some providers ignore `starting_after`, and begin at the beginning.
    if (isNumbered && after !== null && cursor <= after) return [];
    const id = background ? learnId(background, response) : null;
    if (background) background.hasNews = true;
    const mapped = isNumbered ? { ...map(event), cursor } : map(event);
    return id === null ? [mapped] : [{ kind: 'response', id }, mapped];
  };
}

/** Collects the emitted text, so that readers finally get all text of the answer, also where it was not streamed. */
function createEmittedText() {
  let emitted = '';
  return {
    text: () => emitted,
    add(event: ProviderEvent): void {
      if (event.kind === 'text') emitted += event.text;
    },
    rest(output: JsonValue): ProviderEvent[] {
      const text = outputTextOf(output) ?? '';
      return text.length > emitted.length && text.startsWith(emitted)
        ? [{ kind: 'text', text: text.slice(emitted.length) }]
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
