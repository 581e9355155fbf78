/**
 * JSON bodies, strictly: what JSON.parse lets through, and would hurt or change its meaning later, is refused.
 *
 *   depth beyond 64, more than 10,000 members   (500,000 brackets parse, and then break JSON.stringify)
 *   more than 200,000 values                    (half a million "messages" would hold the process up for a second)
 *   a member named twice                        (JSON.parse keeps the last, other parsers the first)
 *   `__proto__`, `constructor`, `prototype`     (poison for whoever merges objects)
 *   numbers that a double can't hold            (1e400 becomes null, 2^53+1 another number)
 *   NUL, lone surrogates                        (can't be stored or sent everywhere)
 */
import { type JsonObject, type JsonValue, RequestError, type RequestIssue } from '@holdfast/core';

const MAX_DEPTH = 64;
const MAX_MEMBERS = 10_000;
/** No body of 1 MB holds more for a good reason (the densest are arrays of token numbers); checking them takes time. */
const MAX_VALUES = 200_000;
const POISON = new Set(['__proto__', 'constructor', 'prototype']);

function refuse(issue: RequestIssue): RequestError {
  return new RequestError('validation_failed', `${issue.path || 'body'}: ${issue.message}`, { issues: [issue] });
}

/**
 * @param what is parsed, for messages
 * @throws RequestError `malformed_json`, `validation_failed`
 */
export function parseStrictJson(bytes: Buffer, what = 'The body'): { text: string; value: JsonValue } {
  if (bytes.length === 0) throw new RequestError('malformed_json', `${what} is empty; a JSON object was expected.`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new RequestError('malformed_json', `${what} is not valid UTF-8.`);
  }
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new RequestError('malformed_json', `${what} is not JSON${placeOf(error as Error, text)}.`);
  }
  const members = checkValues(value);
  if (countMembers(text) !== members) throw refuse(findDuplicate(text));
  return { text, value };
}

/** Where JSON.parse gave up, where it says so. All else in its message may quote the text. */
function placeOf({ message }: Error, text: string): string {
  if (/^Unexpected end/.test(message)) return ': it ends too soon';
  const [, position] = /position (\d+)/.exec(message) ?? [];
  if (position === undefined) return '';
  const lines = text.slice(0, Number(position)).split('\n');
  return `: see line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

/** An array or object, and where it is. Paths are spelled out for what is refused only: a body may hold 200,000 values. */
interface Place {
  value: JsonValue[] | JsonObject;
  name: string | number;
  parent: Place | null;
  depth: number;
}

/** Checks every value, without recursion: depth is the client's to choose. Returns how many members there are. */
function checkValues(root: JsonValue): number {
  const unvisited: Place[] = [];
  const visit = (value: JsonValue, name: string | number, parent: Place | null) => {
    const fault = scalarFault(value);
    if (fault) throw refuse({ path: pathTo(parent, name), message: fault });
    if (typeof value !== 'object' || value === null) return;
    unvisited.push({ value, name, parent, depth: (parent?.depth ?? 0) + 1 });
  };
  let values = 0;
  let members = 0;
  visit(root, '', null);
  for (let place = unvisited.pop(); place; place = unvisited.pop()) {
    const { value, depth } = place;
    const names = Array.isArray(value) ? null : Object.keys(value);
    const size = names?.length ?? (value as JsonValue[]).length;
    values += size;
    members += names ? size : 0;
    if (values > MAX_VALUES)
      throw refuse({ path: pathOf(place), message: `more than ${MAX_VALUES} values in the body` });
    if (members > MAX_MEMBERS)
      throw refuse({ path: pathOf(place), message: `more than ${MAX_MEMBERS} members in the body` });
    if (size > 0 && depth >= MAX_DEPTH)
      throw refuse({ path: pathOf(place), message: `deeper than ${MAX_DEPTH} levels` });
    for (const name of names ?? []) checkName(name, place);
    if (Array.isArray(value)) for (let at = 0; at < size; at += 1) visit(value[at] as JsonValue, at, place);
    else for (const name of names ?? []) visit(value[name] as JsonValue, name, place);
  }
  return members;
}

function pathOf(place: Place): string {
  return place.parent ? pathTo(place.parent, place.name) : '';
}

function pathTo(parent: Place | null, name: string | number): string {
  const names: string[] = [];
  for (let at: Place | null = parent; at?.parent; at = at.parent) names.unshift(shown(at.name));
  return [...names, shown(name)].join('.').slice(0, 600);
}

function shown(name: string | number): string {
  return String(name).slice(0, 64).toWellFormed();
}

function checkName(name: string, place: Place): void {
  if (POISON.has(name)) throw refuse({ path: pathTo(place, name), message: 'this name is not allowed' });
  const fault = textFault(name);
  if (fault) throw refuse({ path: pathOf(place), message: `a name ${fault}` });
}

/** What is wrong with a value that holds no others; null: nothing. */
function scalarFault(value: JsonValue): string | null {
  if (typeof value === 'string') return textFault(value);
  if (typeof value !== 'number') return null;
  if (!Number.isFinite(value)) return 'a number too large to hold';
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return null;
  return `a whole number beyond ±${Number.MAX_SAFE_INTEGER} (2^53 - 1) can’t be held exactly`;
}

function textFault(text: string): string | null {
  if (text.includes('\0')) return 'has a NUL character (\\u0000)';
  return text.isWellFormed() ? null : 'has half of a surrogate pair (a broken emoji?)';
}

/** Strings, and whether a colon follows, and brackets: enough to find members in text that is known to be JSON. */
const TOKEN = /"((?:[^"\\]|\\.)*)"\s*(:?)|[{}[\],]/g;

function countMembers(text: string): number {
  let members = 0;
  for (const [, , colon] of text.matchAll(TOKEN)) if (colon) members += 1;
  return members;
}

/** Where a member is named twice. Only called when there is one. */
function findDuplicate(text: string): RequestIssue {
  const stack: { names: Set<string> | null; at: string | number }[] = [];
  for (const [token, name, colon] of text.matchAll(TOKEN)) {
    const top = stack.at(-1);
    if (token === '{') stack.push({ names: new Set(), at: '' });
    else if (token === '[') stack.push({ names: null, at: 0 });
    else if (token === '}' || token === ']') stack.pop();
    else if (token === ',' && typeof top?.at === 'number') top.at += 1;
    else if (colon && top?.names) {
      top.at = JSON.parse(`"${name}"`) as string;
      if (top.names.has(top.at))
        return {
          path: stack
            .map(({ at }) => at)
            .join('.')
            .slice(0, 600),
          message: 'named twice',
        };
      top.names.add(top.at);
    }
  }
  return { path: '', message: 'a member is named twice' };
}
