/**
 * Bounds how fast a log grows when everything fails at once: a token bucket. What it holds back is counted, and the next
 * line let through says how many there were.
 */
export interface LineLimiterOptions {
  /** Lines a second in the long run, and at most at once. */
  perSecond: number;
  /** A clock that never goes back, in ms. */
  now: () => number;
}

export class LineLimiter {
  readonly #options: LineLimiterOptions;
  #tokens: number;
  #countedAt: number;
  #suppressed = 0;

  constructor(options: LineLimiterOptions) {
    this.#options = options;
    this.#tokens = options.perSecond;
    this.#countedAt = options.now();
  }

  /** How many lines were held back since the last one let through, if this one may pass; null: hold it back too. */
  admit(): number | null {
    const { perSecond, now } = this.#options;
    const at = now();
    this.#tokens = Math.min(perSecond, this.#tokens + ((at - this.#countedAt) / 1_000) * perSecond);
    this.#countedAt = at;
    if (this.#tokens < 1) {
      this.#suppressed += 1;
      return null;
    }
    this.#tokens -= 1;
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    return suppressed;
  }
}
