/**
 * Finds what JSON would lose, change or refuse: a Date comes back as text, a Map as `{}`, an undefined member and a function are
 * gone, NaN is null, and a BigInt or a circle throws. Found before a value is kept, its author learns of it in the first run.
 */

export interface NonJson {
  /** Where in the value, as code would reach it: `.items[3].at`; '' is the value itself. */
  path: string;
  /** What is there: "a Date". */
  what: string;
}

interface Options {
  /** Members that are undefined are no fault, but simply not there. */
  allowsUndefinedMembers?: boolean;
}

/** Deeper ones would overflow the stack of whoever reads them. */
const MAX_DEPTH = 500;

/** The first such place in `value`; null where there is none. */
export function findNonJson(value: unknown, { allowsUndefinedMembers = false }: Options = {}): NonJson | null {
  /** Objects around the one that is looked at: found among them again, it is in a circle. */
  const around = new Set<object>();

  const find = (inner: unknown): NonJson | null => {
    const what = kindOf(inner);
    if (what !== null) return { path: '', what };
    if (typeof inner !== 'object' || inner === null) return null;
    if (around.has(inner)) return { path: '', what: 'a reference to what it is in (a circle)' };
    if (around.size >= MAX_DEPTH) return { path: '', what: `nested deeper than ${MAX_DEPTH}` };
    around.add(inner);
    const found = Array.isArray(inner) ? findInArray(inner) : findInObject(inner);
    around.delete(inner);
    return found;
  };

  const findInArray = (array: readonly unknown[]): NonJson | null => {
    // A loop over the length: `forEach` and the like pass over holes, which become null.
    for (let at = 0; at < array.length; at += 1) {
      const found = find(array[at]);
      if (found) return { ...found, path: `[${at}]${found.path}` };
    }
    return null;
  };

  const findInObject = (object: object): NonJson | null => {
    const [symbol] = Object.getOwnPropertySymbols(object);
    if (symbol) return { path: `[${String(symbol)}]`, what: 'a member named by a symbol' };
    for (const [name, member] of Object.entries(object)) {
      if (member === undefined && allowsUndefinedMembers) continue;
      const found = find(member);
      if (found) return { ...found, path: `${memberPath(name)}${found.path}` };
    }
    return null;
  };

  return find(value);
}

/** What the value is, where JSON has no such thing; null for what it has. */
function kindOf(value: unknown): string | null {
  switch (typeof value) {
    case 'undefined':
      return 'undefined';
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    case 'bigint':
      return 'a BigInt';
    case 'number':
      return Number.isFinite(value) ? null : String(value);
    case 'object':
      return value === null || Array.isArray(value) ? null : classOf(value);
    default:
      return null;
  }
}

function classOf(value: object): string | null {
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  if (isPlain) return 'toJSON' in value && typeof value.toJSON === 'function' ? 'an object with toJSON' : null;
  const { name } = value.constructor ?? {};
  if (!name) return 'an object of a class';
  return `${/^[AEIOU]/i.test(name) ? 'an' : 'a'} ${name}`;
}

function memberPath(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name.slice(0, 80))}]`;
}
