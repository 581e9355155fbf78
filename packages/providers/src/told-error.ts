/**
 * Errors in whatever shape providers tell them: found in a body that should be an answer, and read for their words, for what
 * people are to be told, and for how long is to be waited.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '@holdfast/core';
import { tryParseJson } from './lenient-json.ts';

export interface ToldError {
  /** For people; '' where nothing was said. */
  message: string;
  /** What `verdicts.ts` knows the meaning of. */
  words: (string | number)[];
  /** Google's `RetryInfo`, in ms. */
  waitMs: number | undefined;
}

/** Where an error may be told, from what names it to what comments on it. */
const MEMBERS = ['error', 'errors', 'message', 'msg', 'detail', 'error_description', 'status_msg', 'metadata', 'raw'];
const WORDS = ['code', 'type', 'status'];
const MAX_DEPTH = 6;

/** What MiniMax's `base_resp.status_code` says, in words. */
const miniMaxWords: Readonly<Record<number, string>> = {
  1000: 'server_error',
  1001: 'server_error',
  1002: 'rate_limit_exceeded',
  1004: 'authentication_error',
  1008: 'insufficient_quota',
  1013: 'server_error',
  1026: 'content_filter',
  1027: 'content_filter',
  1039: 'rate_limit_exceeded',
  2013: 'invalid_request_error',
};

/** @param name of the event that the payload came in; null: it came in none */
export function errorIn(name: string | null, payload: JsonValue): JsonValue | undefined {
  if (Array.isArray(payload)) {
    const [first] = payload.flatMap((one) => (isJsonObject(one) ? (errorIn(name, one) ?? []) : []));
    return first;
  }
  if (!isJsonObject(payload)) return name === 'error' ? payload : undefined;
  // A Response has an `error` of its own, null or not, but only inside of `response`.
  if (isSaid(payload.error)) return payload.error === true ? payload : payload.error;
  if (name === 'error' || payload.type === 'error' || payload.object === 'error') return payload;
  return errorOfMiniMax(payload.base_resp) ?? errorOfChoice(payload.choices) ?? errorInPlaceOfAnswer(payload);
}

/** An `error` that is empty beside an answer is none. */
function isSaid(error: JsonValue | undefined): error is JsonValue {
  if (!error) return false;
  if (Array.isArray(error)) return error.some(isSaid);
  return !isJsonObject(error) || Object.values(error).some(isSaid);
}

function errorOfMiniMax(told: JsonValue | undefined): JsonValue | undefined {
  if (!isJsonObject(told) || Number(told.status_code ?? 0) === 0) return undefined;
  return { code: miniMaxWords[Number(told.status_code)] ?? null, message: told.status_msg ?? null };
}

function errorOfChoice(choices: JsonValue | undefined): JsonValue | undefined {
  const [choice] = Array.isArray(choices) ? choices : [];
  return isJsonObject(choice) && isSaid(choice.error) ? choice.error : undefined;
}

const answerMembers = ['choices', 'output', 'data', 'response', 'delta', 'item', 'part', 'object', 'type', 'usage'];

function errorInPlaceOfAnswer(payload: JsonObject): JsonValue | undefined {
  if (answerMembers.some((member) => payload[member])) return undefined;
  return ['errors', 'detail', 'msg', 'error_description'].some((member) => isSaid(payload[member]))
    ? payload
    : undefined;
}

export function readToldError(said: unknown): ToldError {
  const reading = new Reading();
  reading.visit(said, 0);
  const { words, waitMs, messages } = reading;
  return {
    message: messages
      .map((text) => text.trim())
      .filter(Boolean)
      .join(': '),
    words,
    waitMs,
  };
}

class Reading {
  readonly words: (string | number)[] = [];
  readonly messages: string[] = [];
  waitMs: number | undefined;

  visit(value: unknown, depth: number): void {
    if (depth > MAX_DEPTH) return;
    if (typeof value === 'string') this.#visitText(value, depth);
    else if (Array.isArray(value)) for (const one of value) this.visit(one, depth + 1);
    else if (isJsonObject(value)) this.#visitObject(value, depth);
  }

  #visitObject(value: JsonObject, depth: number): void {
    const { innererror, details, loc } = value;
    for (const word of WORDS.map((member) => value[member])) {
      if (typeof word === 'string' || typeof word === 'number') this.words.push(word);
    }
    if (isJsonObject(innererror)) this.visit({ code: innererror.code ?? null }, depth + 1);
    this.waitMs ??= readRetryInfo(details);
    const before = this.messages.length;
    for (const member of MEMBERS) this.visit(value[member], depth + 1);
    // FastAPI says what is wrong and, beside it, where.
    const first = this.messages[before];
    if (Array.isArray(loc) && first !== undefined) this.messages[before] = `${loc.join('.')}: ${first}`;
  }

  #visitText(text: string, depth: number): void {
    const inner = /^\s*[{[]/.test(text) ? tryParseJson(text) : undefined;
    if (inner !== undefined) this.visit(inner, depth + 1);
    // A web page tells people nothing.
    else if (!/^\s*</.test(text) && !this.messages.some((known) => known.includes(text))) this.messages.push(text);
  }
}

/** `details: [{"@type": "…google.rpc.RetryInfo", "retryDelay": "34s"}]` */
function readRetryInfo(details: JsonValue | undefined): number | undefined {
  for (const detail of Array.isArray(details) ? details : []) {
    const delay = isJsonObject(detail) ? /^(\d+(?:\.\d+)?)s$/.exec(String(detail.retryDelay)) : null;
    if (delay) return Math.ceil(Number(delay[1]) * 1_000);
  }
  return undefined;
}
