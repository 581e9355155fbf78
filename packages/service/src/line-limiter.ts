/**
 * Limits how fast a log grows when everything fails at once: a token bucket. Suppressed lines are counted, and the next line has
 * their number.
 */
export interface LineLimiterOptions {
  /** Lines a second on average, and the maximum at once. */
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

  /** null: suppress the line; otherwise how many lines were suppressed since the last one. */
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
