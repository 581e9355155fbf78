/** What each endpoint's answer is made of: how its stream becomes provider events, and when and as what it is complete. */
import { type AttemptError, isJsonObject, type JsonObject, type JsonValue, type ProviderEvent } from '@holdfast/core';
import { type BackgroundResponse, learnId } from './background-response.ts';
import { createChatCompletionBuilder } from './chat-completion.ts';
import { createChatMapper } from './chat-events.ts';
import type { Failures } from './failures.ts';
import { createResponseMapper } from './response-events.ts';
import { readUsage } from './usage.ts';

export type Result = Extract<ProviderEvent, { kind: 'result' }>;

export interface AnswerReader {
  /** What the next event of the stream tells, in order. Throws the AttemptError it tells of, if it tells of one. */
  read(event: JsonObject): ProviderEvent[];
  /** No further event matters. */
  hasEnded(): boolean;
  /** The whole answer, or null where some of it is missing. */
  result(): Result | null;
  /** Some of the answer has come, so the provider has worked on it. */
  hasGenerated(): boolean;
  /** The result in an answer that wasn't streamed, or null where it is none. Throws as `read` does. */
  readWhole(answer: JsonObject): Result | null;
}

export function createChatReader(body: JsonObject): AnswerReader {
  const map = createChatMapper();
  const completion = createChatCompletionBuilder();
  const expected = typeof body.n === 'number' ? body.n : 1;
  let chunks = 0;
  return {
    read(chunk) {
      chunks += 1;
      completion.add(chunk);
      return [map(chunk)];
    },
    // The chunk with the usage comes after the last finish_reason, so the stream is read to its end.
    hasEnded: () => false,
    result: () => (completion.isFinished(expected) ? resultOf(completion.build()) : null),
    hasGenerated: () => chunks > 0,
    readWhole: (answer) => (Array.isArray(answer.choices) ? resultOf(answer) : null),
  };
}

const beforeGeneration = new Set<unknown>(['response.created', 'response.queued', 'response.in_progress']);
const completionEvents = new Set<unknown>(['response.completed', 'response.incomplete']);

/** @param background of a call that is more than a plain one; told of what comes */
export function createResponseReader(failures: Failures, background?: BackgroundResponse): AnswerReader {
  const tell = createTeller(background);
  let generated = false;
  let result: Result | null = null;
  const end = (error: AttemptError): AttemptError => {
    if (background) background.isOver = true;
    return error;
  };
  const accept = (response: JsonObject): Result | null => {
    if (response.status === 'failed') throw end(failures.responseFailed(response.error, generated));
    if (response.status === 'cancelled') throw end(failures.responseCancelled());
    return response.status === 'queued' || response.status === 'in_progress' ? null : resultOf(response);
  };
  return {
    read(event) {
      const response = isJsonObject(event.response) ? event.response : {};
      if (event.type === 'response.failed') throw end(failures.responseFailed(response.error, generated));
      if (completionEvents.has(event.type) && isJsonObject(event.response)) result = accept(response);
      generated ||= !beforeGeneration.has(event.type);
      return tell(event, response);
    },
    hasEnded: () => result !== null,
    result: () => result,
    hasGenerated: () => generated,
    readWhole: (answer) => (isResponse(answer) ? accept(answer) : null),
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

export function isResponse(answer: JsonObject): boolean {
  return answer.object === 'response' || Array.isArray(answer.output);
}

export function resultOf(output: JsonObject): Result {
  return { kind: 'result', output, usage: readUsage(output.usage) };
}

/** The error that a payload tells of in place of an answer; undefined where it tells of none. */
export function errorIn(name: string | null, payload: JsonValue): JsonValue | undefined {
  if (!isJsonObject(payload)) return name === 'error' ? payload : undefined;
  // A Response has an `error` of its own, null or not, but only inside of `response`.
  if (payload.error) return payload.error;
  return name === 'error' || payload.type === 'error' ? payload : undefined;
}
