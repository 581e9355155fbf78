/** JSON as providers write it: with NaN and Infinity, and with numbers that a double can't represent. */
import type { JsonValue } from '@holdfast/core';

/** A string, or one of the numbers that JSON doesn't have. */
const wordsOutsideOfStrings = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\bInfinity\b|\bNaN\b/g;
/** A whole number of 16 digits may be beyond 2^53. */
const longNumber = /[:[,]\s*-?\d{16}/;

/** NaN and Infinity become null; a whole number beyond 2^53, such as an id, becomes a text. @throws SyntaxError */
export function parseJson(text: string): JsonValue {
  try {
    return parse(text);
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
    return parse(text.replaceAll(wordsOutsideOfStrings, (found) => (found.startsWith('"') ? found : 'null')));
  }
}

/** Parses one document per line, without `[DONE]`; undefined: the text isn't that. */
export function tryParseLines(text: string): JsonValue[] | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !isDoneMark(line));
  const parsed = lines.map(tryParseJson).filter((line) => line !== undefined);
  return lines.length > 0 && parsed.length === lines.length ? parsed : undefined;
}

/** The mark by which a provider ends its stream. */
export function isDoneMark(text: string): boolean {
  return /^\s*"?\[DONE\]"?\s*$/.test(text);
}

/** undefined: the text is not JSON. */
export function tryParseJson(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** Node also passes the source text; TypeScript's library doesn't know that yet. */
type Reviver = (name: string, value: unknown) => unknown;

function parse(text: string): JsonValue {
  return longNumber.test(text) ? JSON.parse(text, keepDigits as Reviver) : JSON.parse(text);
}

function keepDigits(_name: string, value: unknown, { source }: { source?: string }): unknown {
  const isRounded = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
  return isRounded && source !== undefined && /^-?\d+$/.test(source) ? source : value;
}
