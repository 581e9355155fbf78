/**
 * Merges streamed deltas without knowing their members: strings and lists grow, objects are merged member by member, and any other
 * value replaces the earlier one. So members that a provider invents (reasoning_content, reasoning_details …) are complete too.
 *
 * Which element of a list a piece belongs to:
 *
 *   1. the one with its `index`, unless it must be another one (`areApart`), since providers give several elements one index
 *   2. without an index: the one with its `id` or its address; or, in lists whose elements come in pieces, the last one, if the
 *      piece is of the same kind
 *   3. otherwise the piece is a new element. A complete element that is there already, word for word, is a repetition
 */
import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject, type JsonValue } from '@holdfast/core';
import { tryParseJson } from '../body/lenient-json.ts';

/** Strings that identify something: they come whole, and a provider may repeat them in every delta. */
const names = new Set(['id', 'type', 'name', 'role', 'format', 'object', 'model', 'status', 'url', 'signature']);
const grows = /content|reasoning|thinking|thought|refusal|text|arguments|transcript|data|summary|delta/;
/** Lists whose elements may come in pieces that don't say where they belong. */
const listsOfPieces = new Set(['tool_calls', 'content', 'thinking', 'thinking_blocks', 'reasoning_details', 'summary']);
/** The members of these elements that grow. */
const growing = ['text', 'thinking', 'function', 'summary', 'refusal', 'signature'];

/** Merges `delta` into `target`. Changes only `target`, which gets no reference to parts of `delta`. */
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
  if (typeof old === 'string' && typeof value === 'string') return joinStrings(old, value, name, parent);
  if (Array.isArray(value)) return mergeLists(Array.isArray(old) ? old : [], value, name);
  if (!isJsonObject(value)) return value;
  const target = isJsonObject(old) ? old : {};
  mergeDelta(target, value, name);
  return target;
}

function joinStrings(old: string, value: string, name: string, parent: string): string {
  // A function's name may come in pieces. (`areApart` has separated different functions.)
  if (name === 'name' && parent === 'function') return old === value ? old : old + value;
  if (names.has(name)) return old || value;
  // A repeated string, in a member that isn't known to grow, identifies something as well.
  return old === value && !grows.test(name) ? old : old + value;
}

/** Content is text, or a list of parts. Where it is both, the text becomes a part. */
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
    const known = isJsonObject(piece) ? findElement(target, piece, name) : undefined;
    if (!known || !isJsonObject(piece)) target.push(structuredClone(piece));
    else if (!isRepetition(known, piece)) mergePiece(known, piece, name);
  }
  return target;
}

function mergePiece(known: JsonObject, piece: JsonObject, name: string): void {
  // A signed block repeats its whole text.
  const isThinking = typeof known.thinking === 'string' && typeof piece.thinking === 'string';
  const isWhole = isThinking && known.thinking !== '' && isNamed(piece.signature) && piece.thinking === known.thinking;
  const { thinking, ...rest } = piece;
  mergeDelta(known, isWhole ? rest : piece, name);
}

/** The newest element that the piece belongs to. */
function findElement(list: readonly JsonValue[], piece: JsonObject, name: string): JsonObject | undefined {
  const index = indexOf(piece);
  const belongs = (one: JsonObject): boolean => {
    if (index !== null) return indexOf(one) === index && !areApart(one, piece);
    return (
      (isNamed(piece.id) && one.id === piece.id) ||
      (addressOf(piece) !== undefined && addressOf(one) === addressOf(piece))
    );
  };
  for (let at = list.length - 1; at >= 0; at -= 1) {
    const one = list[at];
    if (!isJsonObject(one)) continue;
    if (belongs(one)) return one;
    const isLast = at === list.length - 1;
    if (isLast && index === null && listsOfPieces.has(name) && isPieceOf(one, piece)) return one;
    // Most pieces belong to the last element; only with an identity can one belong to an earlier element.
    if (index === null && !isNamed(piece.id) && addressOf(piece) === undefined) return undefined;
  }
  return undefined;
}

function isPieceOf(last: JsonObject, piece: JsonObject): boolean {
  return growing.some((member) => piece[member] !== undefined) && !areApart(last, piece);
}

/** null: no index. Some providers write it as a text. */
export function indexOf({ index }: JsonObject): number | null {
  if (typeof index === 'number') return index;
  return typeof index === 'string' && /^\d+$/.test(index) ? Number(index) : null;
}

/** Whether two pieces with the same index, or in sequence without an index, belong to different elements. */
function areApart(known: JsonObject, piece: JsonObject): boolean {
  const isSame = isNamed(known.id) && known.id === piece.id;
  if (isSame) return false;
  const [one, other] = [known.function, piece.function];
  // Some providers give each piece of a call its own id; only a name begins another call.
  const idsDiffer = isNamed(known.id) && isNamed(piece.id);
  if (isJsonObject(one) && isJsonObject(other)) return isNamed(other.name) && (idsDiffer || isNextFunction(one, other));
  if (idsDiffer) return true;
  return differ(known.type, piece.type) || differ(addressOf(known), addressOf(piece)) || differ(known.data, piece.data);
}

function differ(one: JsonValue | undefined, other: JsonValue | undefined): boolean {
  return isNamed(one) && isNamed(other) && one !== other;
}

function addressOf({ url, image_url }: JsonObject): string | undefined {
  const value = isJsonObject(image_url) ? image_url.url : url;
  return isNamed(value) ? value : undefined;
}

function isNamed(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && value !== '';
}

/** A new function begins after one with complete arguments, or after one with another name and some arguments. */
function isNextFunction(known: JsonObject, piece: JsonObject): boolean {
  if (!isNamed(known.name)) return false;
  if (isComplete(known.arguments)) return piece.arguments !== undefined && piece.arguments !== '';
  // A name may come in pieces before the arguments do.
  return known.name !== piece.name && (isNamed(known.arguments) || isNamed(piece.arguments));
}

function isComplete(text: JsonValue | undefined): boolean {
  if (isJsonObject(text)) return true;
  return typeof text === 'string' && text.trimEnd().endsWith('}') && isJsonObject(tryParseJson(text));
}

/** Some providers send the element again in their last chunk. Only a complete element can be repeated. */
function isRepetition(known: JsonObject, piece: JsonObject): boolean {
  if (isJsonObject(known.function) && isJsonObject(piece.function)) {
    const { arguments: all } = known.function;
    return isDeepStrictEqual(all, piece.function.arguments) && isComplete(all);
  }
  return addressOf(piece) !== undefined && isDeepStrictEqual(known, piece);
}
