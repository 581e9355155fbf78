/** When to try again: exponential back-off with full jitter, never earlier than the server's Retry-After. */

/** How requests are repeated. `attach` uses the delays but not the limits: it continues until it is aborted. */
export interface RetryOptions {
  /** How often one request is repeated after its first try. Default 5. */
  maxRetries: number;
  /** Upper bound of the first delay, in ms; doubles with each failure. Default 250. */
  baseDelayMs: number;
  /** Upper bound of the back-off, in ms. Default 8,000. */
  maxDelayMs: number;
  /** The longest Retry-After to wait for, in ms; a longer one makes the request throw. Default 60,000. */
  maxRetryAfterMs: number;
}

export const defaultRetryOptions: RetryOptions = Object.freeze({
  maxRetries: 5,
  baseDelayMs: 250,
  maxDelayMs: 8_000,
  maxRetryAfterMs: 60_000,
});

/** The longest delay of a timer (signed 32 bits): a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

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
  // Jitter is added to a Retry-After, so that clients with the same Retry-After don't all return at once.
  return Math.ceil((retryAfterMs ?? 0) + random * ceiling);
}

/** Reads a `Retry-After` header, seconds or a date (RFC 9110, 10.2.3), in ms from `nowMs`; null when there is none to read. */
export function retryAfterMsOf(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

/** Resolves after `ms`. Rejects with the signal's reason as soon as the signal is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = setTimeout(done, Math.min(ms, MAX_TIMER_MS));
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
