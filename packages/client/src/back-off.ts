/** When to try again: exponential back-off with full jitter, never sooner than the server's Retry-After. */

/** How requests are repeated. `attach` uses the delays but not the limits: it goes on until it is aborted. */
export interface RetryOptions {
  /** How often one request is repeated after its first try. Default 5. */
  maxRetries: number;
  /** Upper bound of the first delay, in ms; doubles with each failure. Default 250. */
  baseDelayMs: number;
  /** Upper bound of the back-off, in ms. Default 8,000. */
  maxDelayMs: number;
  /** A request whose answer asks for a longer wait than this, in ms, is not repeated but throws. Default 60,000. */
  maxRetryAfterMs: number;
}

export const defaultRetryOptions: RetryOptions = Object.freeze({
  maxRetries: 5,
  baseDelayMs: 250,
  maxDelayMs: 8_000,
  maxRetryAfterMs: 60_000,
});

/** Timers take no more (signed 32 bits): a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The delay in ms before the next try.
 * @param failures tries that have failed in a row, from 1
 * @param random a number in [0, 1)
 */
export function backOffMs(
  options: Pick<RetryOptions, 'baseDelayMs' | 'maxDelayMs'>,
  failures: number,
  retryAfterMs: number | null,
  random: number = Math.random(),
): number {
  const ceiling = Math.min(options.maxDelayMs, options.baseDelayMs * 2 ** (failures - 1));
  // Jitter goes on top of a Retry-After, so that all who were told the same moment don't come back in it.
  return Math.ceil((retryAfterMs ?? 0) + random * ceiling);
}

/** Reads a `Retry-After` header, seconds or a date (RFC 9110, 10.2.3), in ms from `nowMs`; null when it says nothing. */
export function retryAfterMsOf(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

/** Resolves after `ms`; rejects with the signal's reason as soon as it is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = setTimeout(done, Math.min(ms, LONGEST_TIMER_MS));
    signal?.addEventListener('abort', aborted);
    function done() {
      signal?.removeEventListener('abort', aborted);
      resolve();
    }
    function aborted() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      reject(signal?.reason);
    }
  });
}
