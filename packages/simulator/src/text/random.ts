/** Pseudo-random numbers: the same for the same seed, on every machine. Not for secrets. */

/** A number in [0, 1). */
export type Random = () => number;

/** FNV-1a over UTF-16 units, mixed once more so that similar seeds give different numbers. 32 bits. */
function digest(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Mulberry32 (Tommy Ettinger, public domain). */
export function randomFrom(seed: string): Random {
  let state = digest(seed);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @throws RangeError on an empty list */
export function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError('Nothing to pick from.');
  return item;
}

/** Returns the items in random order: each once before any is repeated, and none twice in a row (of two or more). */
export function shuffled<Item>(random: Random, items: readonly Item[]): () => Item {
  let left: Item[] = [];
  let last: Item | undefined;
  return () => {
    if (left.length === 0) left = items.length > 1 ? items.filter((item) => item !== last) : [...items];
    last = pick(random, left);
    left.splice(left.indexOf(last), 1);
    return last;
  };
}
