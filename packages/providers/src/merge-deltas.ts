/**
 * Puts streamed deltas together without knowing their members: strings and lists grow, objects are merged member by
 * member, whatever else comes later replaces what came before. So members that a provider invents (reasoning_content,
 * reasoning_details …) come through whole.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '@holdfast/core';

/** Strings that name something: a provider may repeat them in every delta, and they come whole. */
const names = new Set(['id', 'type', 'name', 'role', 'format', 'object', 'model', 'status']);

/** Merges `delta` into `target`, which is changed; `delta` isn't, nor does `target` keep a part of it. */
export function mergeDelta(target: JsonObject, delta: JsonObject): void {
  for (const [name, value] of Object.entries(delta)) {
    // Assigning to `__proto__` would change the object itself.
    if (name === '__proto__' || value === undefined) continue;
    target[name] = mergeValue(target[name], value, name);
  }
}

function mergeValue(old: JsonValue | undefined, value: JsonValue, name: string): JsonValue {
  if (value === null) return old ?? null;
  if (typeof old === 'string' && typeof value === 'string') return names.has(name) ? old || value : old + value;
  if (Array.isArray(value)) return mergeLists(Array.isArray(old) ? old : [], value);
  if (!isJsonObject(value)) return value;
  const target = isJsonObject(old) ? old : {};
  mergeDelta(target, value);
  return target;
}

/** Elements with an `index` are pieces of the element with that index; others are elements of their own. */
function mergeLists(target: JsonValue[], pieces: JsonValue[]): JsonValue[] {
  for (const piece of pieces) {
    const known = isJsonObject(piece) ? findByIndex(target, piece.index) : undefined;
    if (known && isJsonObject(piece)) mergeDelta(known, piece);
    else target.push(structuredClone(piece));
  }
  return target;
}

function findByIndex(list: JsonValue[], index: JsonValue | undefined): JsonObject | undefined {
  if (typeof index !== 'number') return undefined;
  return list.filter(isJsonObject).find((element) => element.index === index);
}
