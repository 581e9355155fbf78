/**
 * The shape of a JSON text before it is parsed: its depth, and how many values and members it has. JSON.parse takes a second for
 * 10 MB of brackets, and every other request has to wait; this takes a few milliseconds.
 *
 * It doesn't check that the text is JSON. The result is right for JSON, and says where brackets or quotes stay open.
 */
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
/** Digits and the other characters of numbers are between these two. */
const MINUS = 0x2d;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

export interface ShapeBounds {
  depth: number;
  values: number;
  members: number;
}

export interface JsonShape {
  members: number;
  /** False: brackets or quotes stay open. */
  isClosed: boolean;
  /** The first bound that is exceeded, and the place in the text; null: none. */
  excess: { of: keyof ShapeBounds; at: number } | null;
}

/** The time only depends on the length of the text. */
export function readShape(text: string, bounds: ShapeBounds): JsonShape {
  let depth = 0;
  let values = 0;
  let members = 0;
  // Right after the beginning of an array or object.
  let isFresh = false;
  let excess: JsonShape['excess'] = null;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code <= SPACE || (!isFresh && code >= MINUS && code <= NINE)) continue;
    if (isFresh) {
      isFresh = false;
      if (code !== CLOSE_ARRAY && code !== CLOSE_OBJECT) {
        values += 1;
        if (depth >= bounds.depth) excess ??= { of: 'depth', at };
      }
    }
    if (code === QUOTE) {
      at = endOfText(text, at);
      if (at === -1) return { members, isClosed: false, excess };
    } else if (code === COMMA) {
      values += 1;
      if (values > bounds.values) excess ??= { of: 'values', at };
    } else if (code === COLON) {
      members += 1;
      if (members > bounds.members) excess ??= { of: 'members', at };
    } else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      depth += 1;
      isFresh = true;
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) depth -= 1;
  }
  return { members, isClosed: depth <= 0, excess };
}

/** An open array or object. */
interface Level {
  /** The names of its members so far; null: it is an array. */
  names: Set<string> | null;
  /** The name or index of the current value. */
  at: string | number;
}

/** The path of the array or object that is open at a place of the text. */
export function pathAt(text: string, place: number): (string | number)[] {
  const levels: Level[] = [];
  walk(text.slice(0, place), levels, () => false);
  return levels.slice(0, -1).map(({ at }) => at);
}

/** The path of the first member whose name occurs twice; null: there is none. */
export function findDuplicate(text: string): (string | number)[] | null {
  const levels: Level[] = [];
  const found = walk(text, levels, (name, names) => names.has(name));
  return found ? levels.map(({ at }) => at) : null;
}

/** Reads until `isWanted` is true for a member's name and the names before it. `levels`: what is open then. */
function walk(text: string, levels: Level[], isWanted: (name: string, names: Set<string>) => boolean): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const top = levels.at(-1);
    if (code === OPEN_OBJECT) levels.push({ names: new Set(), at: '' });
    else if (code === OPEN_ARRAY) levels.push({ names: null, at: 0 });
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) levels.pop();
    else if (code === COMMA && typeof top?.at === 'number') top.at += 1;
    else if (code === QUOTE) {
      const end = endOfText(text, at);
      if (end === -1) return false;
      if (top?.names && isFollowedByColon(text, end)) {
        top.at = nameOf(text.slice(at, end + 1));
        if (isWanted(top.at, top.names)) return true;
        top.names.add(top.at);
      }
      at = end;
    }
  }
  return false;
}

/** The closing quote of the text that begins at `start`; -1: there is none. */
function endOfText(text: string, start: number): number {
  const end = text.indexOf('"', start + 1);
  if (end === -1 || text.charCodeAt(end - 1) !== BACKSLASH) return end;
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at;
  }
  return -1;
}

function isFollowedByColon(text: string, end: number): boolean {
  let next = end + 1;
  while (text.charCodeAt(next) <= SPACE) next += 1;
  return text.charCodeAt(next) === COLON;
}

function nameOf(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    // The text is not JSON. It is refused anyway, since it exceeds a bound.
    return quoted.slice(1, -1);
  }
}
