/**
 * Strict JSON: refuses what JSON.parse accepts, but what would do harm or change its meaning later.
 *
 *   depth beyond 64, more than 10,000 members   (500,000 brackets parse, and then break JSON.stringify)
 *   more than 200,000 values                    (half a million "messages" would block the process for a second)
 *   a member named twice                        (JSON.parse keeps the last, other parsers the first)
 *   `__proto__`, `constructor`, `prototype`     (dangerous for code that merges objects)
 *   numbers that a double can't represent       (1e400 becomes null, 2^53+1 another number)
 *   NUL, lone surrogates                        (can't be stored or sent everywhere)
 *
 * The first two are checked before anything is parsed (`json-shape.ts`), so that no body blocks the process for long.
 */
import { type JsonObject, type JsonValue, RequestError, type RequestIssue } from '@holdfast/core';
import { findDuplicate, pathAt, readShape } from './json-shape.ts';

/** No reasonable body has more values (arrays of token numbers have the most), and checking values takes time. */
const bounds = { depth: 64, members: 10_000, values: 200_000 };
const faultOf = {
  depth: `deeper than ${bounds.depth} levels`,
  members: `more than ${bounds.members} members in the body`,
  values: `more than ${bounds.values} values in the body`,
};
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

function refuse(issue: RequestIssue): RequestError {
  return new RequestError('validation_failed', `${issue.path || 'body'}: ${issue.message}`, { issues: [issue] });
}

/**
 * @param what what is parsed, for messages
 * @throws RequestError `malformed_json`, `validation_failed`
 */
export function parseStrictJson(bytes: Buffer, what = 'The body'): { text: string; value: JsonValue } {
  if (bytes.length === 0) throw new RequestError('malformed_json', `${what} is empty: expected a JSON object.`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new RequestError('malformed_json', `${what} is not valid UTF-8.`);
  }
  const { members, isClosed, excess } = readShape(text, bounds);
  if (excess && !isClosed) throw new RequestError('malformed_json', `${what} is not JSON: it ends too soon.`);
  if (excess) throw refuse({ path: pathText(pathAt(text, excess.at)), message: faultOf[excess.of] });
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new RequestError('malformed_json', `${what} is not JSON${placeOf(error as Error, text)}.`);
  }
  if (checkValues(value) !== members) {
    throw refuse({ path: pathText(findDuplicate(text) ?? []), message: 'named twice' });
  }
  return { text, value };
}

/** The place where JSON.parse failed, if its message has one. The rest of the message may quote the text. */
function placeOf({ message }: Error, text: string): string {
  if (/^Unexpected end/.test(message)) return ': it ends too soon';
  const [, position] = /position (\d+)/.exec(message) ?? [];
  if (position === undefined) return '';
  const read = text.slice(0, Number(position));
  let line = 1;
  // Without split, which would make ten million strings of as many empty lines.
  for (let at = read.indexOf('\n'); at !== -1; at = read.indexOf('\n', at + 1)) line += 1;
  return `: see line ${line}, column ${read.length - read.lastIndexOf('\n')}`;
}

/** An array or object, and its place. Only refused values need their path: a body may have 200,000 values. */
interface Place {
  value: JsonValue[] | JsonObject;
  name: string | number;
  parent: Place | null;
}

/** Checks every value, without recursion. @returns the number of members */
function checkValues(root: JsonValue): number {
  const unvisited: Place[] = [];
  const visit = (value: JsonValue, name: string | number, parent: Place | null) => {
    const fault = scalarFault(value);
    if (fault) throw refuse({ path: pathTo(parent, name), message: fault });
    if (typeof value === 'object' && value !== null) unvisited.push({ value, name, parent });
  };
  let members = 0;
  visit(root, '', null);
  for (let place = unvisited.pop(); place; place = unvisited.pop()) {
    const { value } = place;
    if (Array.isArray(value)) {
      for (let at = 0; at < value.length; at += 1) visit(value[at] as JsonValue, at, place);
      continue;
    }
    const names = Object.keys(value);
    members += names.length;
    for (const name of names) checkName(name, place);
    for (const name of names) visit(value[name] as JsonValue, name, place);
  }
  return members;
}

function pathOf(place: Place): string {
  return place.parent ? pathTo(place.parent, place.name) : '';
}

function pathTo(parent: Place | null, name: string | number): string {
  const names = [name];
  for (let at: Place | null = parent; at?.parent; at = at.parent) names.unshift(at.name);
  return pathText(names);
}

function pathText(names: (string | number)[]): string {
  return names.map(shown).join('.').slice(0, 600);
}

function shown(name: string | number): string {
  return String(name).slice(0, 64).toWellFormed();
}

function checkName(name: string, place: Place): void {
  if (FORBIDDEN.has(name)) throw refuse({ path: pathTo(place, name), message: 'this name is not allowed' });
  const fault = textFault(name);
  if (fault) throw refuse({ path: pathOf(place), message: `a name ${fault}` });
}

/** What is wrong with a string or a number; null: nothing. */
function scalarFault(value: JsonValue): string | null {
  if (typeof value === 'string') return textFault(value);
  if (typeof value !== 'number') return null;
  if (!Number.isFinite(value)) return 'the number is too large';
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return null;
  return `a whole number beyond ±${Number.MAX_SAFE_INTEGER} (2^53 - 1) can’t be represented exactly`;
}

function textFault(text: string): string | null {
  if (text.includes('\0')) return 'has a NUL character (\\u0000)';
  return text.isWellFormed() ? null : 'has half of a surrogate pair (a broken emoji?)';
}
