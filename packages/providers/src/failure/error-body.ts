/**
 * Reads errors in all shapes in which providers report them: finds them in a body that should be an answer, and reads their codes,
 * their message for people, and how long to wait.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '@holdfast/core';
import { tryParseJson } from '../body/lenient-json.ts';
import { readResetMs, readWaitMs } from './waits.ts';

// cspell:ignore dhms

export interface ErrorDetails {
  /** For people; '': none. */
  message: string;
  /** The member of the request that it is about; '': unknown. */
  param: string;
  /** Codes and types, for `classify-error.ts`. */
  words: (string | number)[];
  /** How long to wait, in ms: from Google's `RetryInfo`, headers or the message. */
  waitMs: number | undefined;
}

/** Members that may have the error, from its name to comments. */
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

/** The meaning of MiniMax's `base_resp.status_code`. */
const miniMaxCodes: Readonly<Record<number, string>> = {
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

/** @param name of the event with the payload; null: it isn't in an event */
export function findError(name: string | null, payload: JsonValue): JsonValue | undefined {
  if (Array.isArray(payload)) {
    const [first] = payload.flatMap((one) => (isJsonObject(one) ? (findError(name, one) ?? []) : []));
    return first;
  }
  if (!isJsonObject(payload)) return name === 'error' ? payload : undefined;
  // A Response has its own member `error`, but only within `response`.
  if (isPresent(payload.error)) return payload.error === true ? payload : payload.error;
  if (name === 'error' || payload.type === 'error' || payload.object === 'error') return payload;
  return errorOfMiniMax(payload.base_resp) ?? errorOfChoice(payload.choices) ?? errorInPlaceOfAnswer(payload);
}

/** An empty `error` beside an answer, or one with a code of success, isn't an error. */
function isPresent(error: JsonValue | undefined): error is JsonValue {
  if (!error) return false;
  if (Array.isArray(error)) return error.some(isPresent);
  if (!isJsonObject(error)) return true;
  return !isSuccess(error.code) && Object.values(error).some(isPresent);
}

/** A code that means success. */
function isSuccess(code: JsonValue | undefined): boolean {
  return ['0', '200', 'success', 'ok'].includes(String(code).toLowerCase());
}

function errorOfMiniMax(status: JsonValue | undefined): JsonValue | undefined {
  if (!isJsonObject(status) || Number(status.status_code ?? 0) === 0) return undefined;
  return { code: miniMaxCodes[Number(status.status_code)] ?? null, message: status.status_msg ?? null };
}

function errorOfChoice(choices: JsonValue | undefined): JsonValue | undefined {
  const all = Array.isArray(choices) ? choices.filter(isJsonObject) : [];
  return all.map(({ error }) => error).find(isPresent);
}

/** Members that are an error instead of an answer, whatever else is there. */
const errorMembers = ['errors', 'detail', 'error_description', 'error_msg', 'error_message'];
const answerMembers = ['choices', 'output', 'data', 'response', 'delta', 'item', 'part', 'object', 'usage'];

function errorInPlaceOfAnswer(payload: JsonObject): JsonValue | undefined {
  // An event of a Response: `response.…`.
  const isEvent = typeof payload.type === 'string' && payload.type.includes('.');
  if (isEvent || answerMembers.some((member) => payload[member])) return undefined;
  if (errorMembers.some((member) => isPresent(payload[member]))) return payload;
  const hasFailed = payload.success === false || (isPresent(payload.code) && !isSuccess(payload.code));
  return hasFailed && ['message', 'Message', 'msg'].some((member) => isPresent(payload[member])) ? payload : undefined;
}

export function readErrorBody(body: unknown): ErrorDetails {
  const reading = new Reading();
  reading.visit(body, 0);
  const { param, words, waitMs, messages } = reading;
  const message = messages
    .map((text) => text.trim())
    .filter(Boolean)
    .join(': ');
  return { message, param, words, waitMs: waitMs ?? readWaitInMessage(message) };
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
    // FastAPI has the message in one member and its place in another.
    const first = this.messages[before];
    if (Array.isArray(loc) && first !== undefined) this.messages[before] = `${loc.join('.')}: ${first}`;
  }

  #visitText(text: string, depth: number): void {
    const inner = /^\s*[{[]/.test(text) ? tryParseJson(text) : undefined;
    if (inner !== undefined) this.visit(inner, depth + 1);
    // A web page is not a message.
    else if (!/^\s*</.test(text) && !this.messages.some((known) => known.includes(text))) this.messages.push(text);
  }
}

/** "Please try again in 11.054s." */
function readWaitInMessage(message: string): number | undefined {
  const [, text] = /(?:try again|retry)(?: in| after) ((?:\d+(?:\.\d+)?(?:ms|[dhms]))+)/i.exec(message) ?? [];
  return readWaitMs(text ?? null, Date.now());
}

/** OpenRouter quotes the headers of the exceeded limit. */
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
