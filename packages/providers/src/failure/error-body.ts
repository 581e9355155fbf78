/**
 * Errors in whatever shape providers tell them: found in a body that should be an answer, and read for their words, for what
 * people are to be told, and for how long is to be waited.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '@holdfast/core';
import { tryParseJson } from '../body/lenient-json.ts';
import { readResetMs, readWaitMs } from './waits.ts';

// cspell:ignore dhms

export interface ErrorDetails {
  /** For people; '' where nothing was said. */
  message: string;
  /** The part of the request that it is about; '' where that isn't said. */
  param: string;
  /** What `classify-error.ts` knows the meaning of. */
  words: (string | number)[];
  /** What is to be waited for, in ms: Google's `RetryInfo`, or as the words say. */
  waitMs: number | undefined;
}

/** Where an error may be told, from what names it to what comments on it. */
const MEMBERS = [
  'error',
  'errors',
  'message',
  'Message',
  'msg',
  'error_msg',
  'error_message',
  'detail',
  'error_description',
  'status_msg',
  'metadata',
  'raw',
];
const WORDS = ['code', 'type', 'status', 'error_code', 'error_type', '__type', 'reason'];
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
export function findError(name: string | null, payload: JsonValue): JsonValue | undefined {
  if (Array.isArray(payload)) {
    const [first] = payload.flatMap((one) => (isJsonObject(one) ? (findError(name, one) ?? []) : []));
    return first;
  }
  if (!isJsonObject(payload)) return name === 'error' ? payload : undefined;
  // A Response has an `error` of its own, null or not, but only inside of `response`.
  if (isSaid(payload.error)) return payload.error === true ? payload : payload.error;
  if (name === 'error' || payload.type === 'error' || payload.object === 'error') return payload;
  return errorOfMiniMax(payload.base_resp) ?? errorOfChoice(payload.choices) ?? errorInPlaceOfAnswer(payload);
}

/** An `error` beside an answer that is empty, or says that all is well, is none. */
function isSaid(error: JsonValue | undefined): error is JsonValue {
  if (!error) return false;
  if (Array.isArray(error)) return error.some(isSaid);
  if (!isJsonObject(error)) return true;
  return !isWell(error.code) && Object.values(error).some(isSaid);
}

/** A code by which a provider says that nothing is wrong. */
function isWell(code: JsonValue | undefined): boolean {
  return ['0', '200', 'success', 'ok'].includes(String(code).toLowerCase());
}

function errorOfMiniMax(told: JsonValue | undefined): JsonValue | undefined {
  if (!isJsonObject(told) || Number(told.status_code ?? 0) === 0) return undefined;
  return { code: miniMaxWords[Number(told.status_code)] ?? null, message: told.status_msg ?? null };
}

function errorOfChoice(choices: JsonValue | undefined): JsonValue | undefined {
  const all = Array.isArray(choices) ? choices.filter(isJsonObject) : [];
  return all.map(({ error }) => error).find(isSaid);
}

/** What is an error in place of an answer, whatever stands beside it. */
const alone = ['errors', 'detail', 'error_description', 'error_msg', 'error_message'];
const answerMembers = ['choices', 'output', 'data', 'response', 'delta', 'item', 'part', 'object', 'usage'];

function errorInPlaceOfAnswer(payload: JsonObject): JsonValue | undefined {
  // `response.…`: an event of a Response.
  const isEvent = typeof payload.type === 'string' && payload.type.includes('.');
  if (isEvent || answerMembers.some((member) => payload[member])) return undefined;
  if (alone.some((member) => isSaid(payload[member]))) return payload;
  const hasFailed = payload.success === false || (isSaid(payload.code) && !isWell(payload.code));
  return hasFailed && ['message', 'Message', 'msg'].some((member) => isSaid(payload[member])) ? payload : undefined;
}

export function readErrorBody(said: unknown): ErrorDetails {
  const reading = new Reading();
  reading.visit(said, 0);
  const { param, words, waitMs, messages } = reading;
  const message = messages
    .map((text) => text.trim())
    .filter(Boolean)
    .join(': ');
  return { message, param, words, waitMs: waitMs ?? readSaidWait(message) };
}

class Reading {
  readonly words: (string | number)[] = [];
  readonly messages: string[] = [];
  param = '';
  waitMs: number | undefined;

  visit(value: unknown, depth: number): void {
    if (depth > MAX_DEPTH) return;
    if (typeof value === 'string') this.#visitText(value, depth);
    else if (Array.isArray(value)) for (const one of value) this.visit(one, depth + 1);
    else if (isJsonObject(value)) this.#visitObject(value, depth);
  }

  #visitObject(value: JsonObject, depth: number): void {
    const { innererror, details, loc, param } = value;
    if (typeof param === 'string') this.param ||= param;
    for (const word of WORDS.map((member) => value[member])) {
      if (typeof word === 'string' || typeof word === 'number') this.words.push(word);
    }
    if (isJsonObject(innererror)) this.visit({ code: innererror.code ?? null }, depth + 1);
    this.waitMs ??= readRetryInfo(details) ?? readHeaders(value.headers);
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

/** "Please try again in 11.054s." */
function readSaidWait(message: string): number | undefined {
  const [, text] = /(?:try again|retry)(?: in| after) ((?:\d+(?:\.\d+)?(?:ms|[dhms]))+)/i.exec(message) ?? [];
  return readWaitMs(text ?? null, Date.now());
}

/** OpenRouter quotes the headers of the limit. */
function readHeaders(headers: JsonValue | undefined): number | undefined {
  if (!isJsonObject(headers)) return undefined;
  const known = Object.entries(headers).filter(([name]) => /^(?:x-)?ratelimit-/i.test(name));
  return readResetMs(new Headers(known.map(([name, value]) => [name, String(value)])), Date.now());
}

/** `details: [{"@type": "…google.rpc.RetryInfo", "retryDelay": "34s"}]` */
function readRetryInfo(details: JsonValue | undefined): number | undefined {
  for (const detail of Array.isArray(details) ? details : []) {
    const delay = isJsonObject(detail) ? /^(\d+(?:\.\d+)?)s$/.exec(String(detail.retryDelay)) : null;
    if (delay) return Math.ceil(Number(delay[1]) * 1_000);
  }
  return undefined;
}
