/**
 * Remembers look-ups in this process for a short while, so that a poll costs no extra round trip. Bounded: strangers who
 * try many keys push out old entries, never fill the memory.
 */

interface Entry<Value> {
  value: Promise<Value | null>;
  expiresAt: number;
}

interface LookupCacheOptions {
  /** How long a found value is good, in ms from the moment the look-up began. */
  hitMs: number;
  /** The same for "there is none". */
  missMs: number;
  maxEntries: number;
  /** A clock that never goes back, in ms. */
  now: () => number;
}

export class LookupCache<Value> {
  readonly #options: LookupCacheOptions;
  readonly #entries = new Map<string, Entry<Value>>();

  constructor(options: LookupCacheOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }

  /** The remembered value, or what `lookUp` finds; look-ups under way are shared. A failed one is not remembered. */
  get(key: string, lookUp: () => Promise<Value | null>): Promise<Value | null> {
    const { hitMs, missMs, maxEntries, now } = this.#options;
    const began = now();
    const known = this.#entries.get(key);
    if (known && known.expiresAt > began) return known.value;
    // Deleted first, so that the map's order stays the order of age.
    this.#entries.delete(key);
    if (this.#entries.size >= maxEntries) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    // Counted from the beginning: the answer may be as old as the question.
    const entry: Entry<Value> = { value: lookUp(), expiresAt: began + hitMs };
    this.#entries.set(key, entry);
    entry.value.then(
      (value) => {
        if (value === null) entry.expiresAt = began + missMs;
      },
      () => {
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
      },
    );
    return entry.value;
  }
}
