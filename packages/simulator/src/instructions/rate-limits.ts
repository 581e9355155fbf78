/** Requests and tokens per case in fixed windows; a window begins with the first call in it. */
import { ApiError } from '../http/api-error.ts';

const MAX_CASES = 10_000;

/** The headers' values without limits: then no call is refused. */
const DEFAULT_REQUESTS = 100_000;
const DEFAULT_TOKENS = 100_000_000;

interface Window {
  endsAt: number;
  requests: number;
  tokens: number;
}

/** Per window; null: no limit. */
export interface Limits {
  windowMs: number;
  requests: number | null;
  tokens: number | null;
}

export class RateLimits {
  readonly #windows = new Map<string, Window>();
  readonly #now: () => number;

  /** @param now a clock, in ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes a request of `tokens` (in and out) from the case's window. @throws ApiError 429, where nothing is taken */
  admit(caseName: string, limits: Limits, tokens: number): void {
    const window = this.#window(caseName, limits);
    if (limits.requests !== null && window.requests + 1 > limits.requests) {
      throw this.#refusal('requests', 'RPM', limits.requests, window);
    }
    if (limits.tokens !== null && window.tokens + tokens > limits.tokens) {
      throw this.#refusal('tokens', 'TPM', limits.tokens, window);
    }
    window.requests += 1;
    window.tokens += tokens;
  }

  headers(caseName: string, limits: Limits): Record<string, string> {
    const window = this.#window(caseName, limits);
    const reset = `${Math.max(0, window.endsAt - this.#now()) / 1000}s`;
    const requests = limits.requests ?? DEFAULT_REQUESTS;
    const tokens = limits.tokens ?? DEFAULT_TOKENS;
    return {
      'x-ratelimit-limit-requests': String(requests),
      'x-ratelimit-remaining-requests': String(Math.max(0, requests - window.requests)),
      'x-ratelimit-reset-requests': reset,
      'x-ratelimit-limit-tokens': String(tokens),
      'x-ratelimit-remaining-tokens': String(Math.max(0, tokens - window.tokens)),
      'x-ratelimit-reset-tokens': reset,
    };
  }

  #refusal(type: string, unit: string, limit: number, window: Window): ApiError {
    const waitS = Math.max(1, Math.ceil((window.endsAt - this.#now()) / 1000));
    return new ApiError(429, `Rate limit reached: limit ${limit} ${unit}. Please try again in ${waitS}s.`, {
      type,
      code: 'rate_limit_exceeded',
      headers: { 'retry-after': String(waitS) },
    });
  }

  #window(caseName: string, { windowMs }: Limits): Window {
    const known = this.#windows.get(caseName);
    if (known !== undefined && known.endsAt > this.#now()) return known;
    const window = { endsAt: this.#now() + windowMs, requests: 0, tokens: 0 };
    // Deleted first, so that the map stays in the order in which windows began.
    this.#windows.delete(caseName);
    this.#windows.set(caseName, window);
    const [oldest] = this.#windows.keys();
    if (this.#windows.size > MAX_CASES && oldest !== undefined) this.#windows.delete(oldest);
    return window;
  }
}
