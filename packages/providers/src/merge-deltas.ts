/**
 * Puts streamed deltas together without knowing their members: strings and lists grow, objects are merged member by
 * member, whatever else comes later replaces what came before. So members that a provider invents (reasoning_content,
 * reasoning_details …) come through whole.
 *
 * Which element of a list a piece belongs to:
 *
 *   1. the one with its `index`, unless something else says that it is another: two ids, two types, two addresses, or a second
 *      function where the first is complete. Providers give one index to several
 *   2. without an index: the one with its `id`; or, in lists whose elements come in pieces, the last one, unless it is of another type
 *   3. otherwise it is an element of its own. One that is there already, word for word, is a repetition
 */
import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject, type JsonValue } from '@holdfast/core';
import { tryParseJson } from './lenient-json.ts';

/** Strings that name something: a provider may repeat them in every delta, and they come whole. */
const names = new Set(['id', 'type', 'name', 'role', 'format', 'object', 'model', 'status', 'url']);
/** What tells elements apart. */
const identities = ['id', 'type', 'url'];
/** Lists whose elements may come in pieces that say nothing of where they belong. */
const listsOfPieces = new Set(['tool_calls', 'content', 'thinking', 'reasoning_details', 'summary']);

/** Merges `delta` into `target`, which is changed; `delta` isn't, nor does `target` keep a part of it. */
export function mergeDelta(target: JsonObject, delta: JsonObject, parent = ''): void {
  for (const [name, value] of Object.entries(delta)) {
    // Assigning to `__proto__` would change the object itself.
    if (name === '__proto__' || value === undefined) continue;
    target[name] = mergeValue(target[name], value, name, parent);
  }
}

function mergeValue(old: JsonValue | undefined, value: JsonValue, name: string, parent: string): JsonValue {
  if (value === null) return old ?? null;
  if (name === 'content') return mergeContent(old, value);
  if (typeof old === 'string' && typeof value === 'string') {
    if (names.has(name)) return old || value;
    return parent === 'audio' && name === 'data' ? joinBase64(old, value) : old + value;
  }
  if (Array.isArray(value)) return mergeLists(Array.isArray(old) ? old : [], value, name);
  if (!isJsonObject(value)) return value;
  const target = isJsonObject(old) ? old : {};
  mergeDelta(target, value, name);
  return target;
}

/** Content is text, or parts; where it is both, text is a part. */
function mergeContent(old: JsonValue | undefined, value: JsonValue): JsonValue {
  if (typeof value === 'string' && !Array.isArray(old)) return typeof old === 'string' ? old + value : value;
  if (typeof value === 'string')
    return value === '' ? (old ?? '') : mergeLists(old as JsonValue[], [textPart(value)], 'content');
  if (!Array.isArray(value)) return old ?? value;
  const parts = Array.isArray(old) ? old : typeof old === 'string' && old !== '' ? [textPart(old)] : [];
  return mergeLists(
    parts,
    value.map((part) => (typeof part === 'string' ? textPart(part) : part)),
    'content',
  );
}

const textPart = (text: string): JsonObject => ({ type: 'text', text });

function mergeLists(target: JsonValue[], pieces: readonly JsonValue[], name: string): JsonValue[] {
  for (const piece of pieces) {
    const known = isJsonObject(piece) ? findElement(target.filter(isJsonObject), piece, name) : undefined;
    if (!known || !isJsonObject(piece)) target.push(structuredClone(piece));
    else if (!isRepetition(known, piece)) mergeDelta(known, piece, name);
  }
  return target;
}

function findElement(elements: readonly JsonObject[], piece: JsonObject, name: string): JsonObject | undefined {
  const index = indexOf(piece);
  if (index !== null) return elements.findLast((one) => indexOf(one) === index && !areApart(one, piece));
  if (isNamed(piece.id)) return elements.find(({ id }) => id === piece.id);
  const last = elements.at(-1);
  return listsOfPieces.has(name) && last && !areApart(last, piece) ? last : undefined;
}

/** null: none. Some providers write it as text. */
export function indexOf({ index }: JsonObject): number | null {
  if (typeof index === 'number') return index;
  return typeof index === 'string' && /^\d+$/.test(index) ? Number(index) : null;
}

function areApart(known: JsonObject, piece: JsonObject): boolean {
  for (const name of identities) {
    const [one, other] = [identityOf(known, name), identityOf(piece, name)];
    if (one !== undefined && other !== undefined && one !== other) return true;
  }
  return isNextFunction(known.function, piece.function);
}

function identityOf(element: JsonObject, name: string): string | undefined {
  const value = name === 'url' && isJsonObject(element.image_url) ? element.image_url.url : element[name];
  return isNamed(value) ? value : undefined;
}

function isNamed(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && value !== '';
}

/** A name begins a function. It is another's where the names differ, or where all arguments of the one before have come. */
function isNextFunction(known: JsonValue | undefined, piece: JsonValue | undefined): boolean {
  if (!isJsonObject(known) || !isJsonObject(piece) || !isNamed(known.name) || !isNamed(piece.name)) return false;
  if (known.name !== piece.name) return true;
  return isNamed(known.arguments) && isNamed(piece.arguments) && isJsonObject(tryParseJson(known.arguments));
}

/** Some providers send the element again with their last chunk. A piece that names nothing is never one. */
function isRepetition(known: JsonObject, piece: JsonObject): boolean {
  return (identityOf(piece, 'id') ?? identityOf(piece, 'url')) !== undefined && isDeepStrictEqual(known, piece);
}

/** Each piece is base64 of its own bytes: what follows padding can't simply be appended. */
function joinBase64(old: string, more: string): string {
  const whole = old.endsWith('=') ? old.length - 4 : old.length - (old.length % 4);
  if (whole === old.length) return old + more;
  const bytes = [old.slice(whole), more].map((text) => Buffer.from(text, 'base64'));
  return old.slice(0, whole) + Buffer.concat(bytes).toString('base64');
}
