/** Random numbers that repeat with the same seed. */
export interface Dice {
  /** At least 0, below 1. */
  roll(): number;
  /** A whole number; both bounds are included. */
  between(min: number, max: number): number;
  /** @throws RangeError when the list is empty */
  pick<Item>(items: readonly Item[]): Item;
}

/** The generator is mulberry32. */
export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  const roll = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    roll,
    between: (min, max) => min + Math.floor(roll() * (max - min + 1)),
    pick(items) {
      const item = items[Math.floor(roll() * items.length)];
      if (item === undefined) throw new RangeError('The list to pick from is empty.');
      return item;
    },
  };
}
