/**
 * JSON bodies, strictly: what JSON.parse lets through, and would hurt or change its meaning later, is refused.
 *
 *   depth beyond 64, more than 10,000 members   (500,000 brackets parse, and then break JSON.stringify)
 *   a member named twice                        (JSON.parse keeps the last, other parsers the first)
 *   `__proto__`, `constructor`, `prototype`     (poison for whoever merges objects)
 *   numbers that a double can't hold            (1e400 becomes null, 2^53+1 another number)
 *   NUL, lone surrogates                        (can't be stored or sent everywhere)
 */
import { isJsonObject, type JsonValue, RequestError, type RequestIssue } from '@holdfast/core';

const MAX_DEPTH = 64;
const MAX_MEMBERS = 10_000;
const POISON = new Set(['__proto__', 'constructor', 'prototype']);

function refuse(issue: RequestIssue): RequestError {
  return new RequestError('validation_failed', `${issue.path || 'body'}: ${issue.message}`, { issues: [issue] });
}

/** @throws RequestError `malformed_json`, `validation_failed` */
export function parseStrictJson(bytes: Buffer): { text: string; value: JsonValue } {
  if (bytes.length === 0) throw new RequestError('malformed_json', 'The body is empty; send a JSON object.');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new RequestError('malformed_json', 'The body is not valid UTF-8.');
  }
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (error) {
    // V8's message quotes the body; the position alone says where to look.
    const [, position] = /position (\d+)/.exec((error as Error).message) ?? [];
    throw new RequestError('malformed_json', `The body is not JSON${position ? `: see character ${position}` : ''}.`);
  }
  const members = checkValues(value);
  if (countMembers(text) !== members) throw refuse(findDuplicate(text));
  return { text, value };
}

interface Visit {
  value: JsonValue;
  path: string;
  depth: number;
}

/** Checks every value, without recursion: depth is the client's to choose. Returns how many members there are. */
function checkValues(root: JsonValue): number {
  const visits: Visit[] = [{ value: root, path: '', depth: 1 }];
  let members = 0;
  for (let visit = visits.pop(); visit; visit = visits.pop()) {
    const { value, path, depth } = visit;
    checkScalar(value, path);
    const entries = Array.isArray(value) ? value.entries() : isJsonObject(value) ? Object.entries(value) : [];
    for (const [name, child] of entries) {
      if (depth >= MAX_DEPTH) throw refuse({ path: pathTo(path, name), message: `deeper than ${MAX_DEPTH} levels` });
      if (typeof name === 'string') {
        members += 1;
        checkName(name, path, members);
      }
      visits.push({ value: child, path: pathTo(path, name), depth: depth + 1 });
    }
  }
  return members;
}

function pathTo(path: string, name: string | number): string {
  const shown = String(name).slice(0, 64);
  return path === '' ? shown : `${path.slice(0, 512)}.${shown}`;
}

function checkName(name: string, path: string, members: number): void {
  if (members > MAX_MEMBERS) throw refuse({ path, message: `more than ${MAX_MEMBERS} members in the body` });
  if (POISON.has(name)) throw refuse({ path: pathTo(path, name), message: 'this name is not allowed' });
  checkText(name, path);
}

function checkScalar(value: JsonValue, path: string): void {
  if (typeof value === 'string') checkText(value, path);
  if (typeof value !== 'number') return;
  if (!Number.isFinite(value)) throw refuse({ path, message: 'a number too large to hold' });
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw refuse({ path, message: 'a whole number beyond 2^53 can’t be held exactly; send it as text' });
  }
}

function checkText(text: string, path: string): void {
  if (text.includes('\0')) throw refuse({ path, message: 'has a NUL character (\\u0000)' });
  if (!text.isWellFormed()) throw refuse({ path, message: 'has half of a surrogate pair (a broken emoji?)' });
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
