/** Chance that comes out the same for the same seed. */
export interface Dice {
  /** From 0 up to 1, without 1. */
  roll(): number;
  /** A whole number, both bounds included. */
  between(min: number, max: number): number;
  /** @throws RangeError when there is nothing to pick from */
  pick<Item>(items: readonly Item[]): Item;
}

/** mulberry32. */
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
      if (item === undefined) throw new RangeError('Nothing to pick from.');
      return item;
    },
  };
}
