/** Random numbers that repeat with the same seed. Every choice of an interleaving is made with them. */

export interface Dice {
  /** A whole number, at least 0 and below `n`. */
  below(n: number): number;
  chance(probability: number): boolean;
  /** @throws RangeError when the list is empty */
  pick<Item>(items: readonly Item[]): Item;
}

/** The generator is mulberry32 (public domain): 32 bits of state, equal on every machine. */
export function dice(seed: number): Dice {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: (n) => Math.floor(next() * n),
    chance: (probability) => next() < probability,
    pick(items) {
      const item = items[Math.floor(next() * items.length)];
      if (item === undefined) throw new RangeError('The list to pick from is empty.');
      return item;
    },
  };
}
