/**
 * Caches look-ups in this process for a short time, so that a poll costs no extra round trip. Bounded: many unknown keys replace
 * old entries, and never fill the memory.
 */

interface Entry<Value> {
  value: Promise<Value | null>;
  expiresAt: number;
}

interface LookupCacheOptions {
  /** How long a found value is valid, in ms from the beginning of the look-up. */
  hitMs: number;
  /** The same where nothing was found. */
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

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** The cached value, or what `lookUp` finds. Look-ups under way are shared; a failed one is not cached. */
  get(key: string, lookUp: () => Promise<Value | null>): Promise<Value | null> {
    const { hitMs, missMs, maxEntries, now } = this.#options;
    const began = now();
    const known = this.#entries.get(key);
    if (known && known.expiresAt > began) return known.value;
    // Deleted first, so that the map stays in order of age.
    this.#entries.delete(key);
    if (this.#entries.size >= maxEntries) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    // Counted from the beginning of the look-up, since the value may have changed right after it.
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
