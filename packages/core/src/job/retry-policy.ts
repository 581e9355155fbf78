/** When a failed attempt is tried again: exponential back-off with full jitter, never before the provider's Retry-After. */
import type { AttemptError } from '../error.ts';

export interface RetryPolicy {
  /** Attempts that may fail before the job does. Crashes of workers are counted apart. */
  maxFailures: number;
  /** Upper bound of the first delay, in ms; doubles with each failure. */
  baseDelayMs: number;
  /** Upper bound of every delay, in ms; a longer Retry-After is still honored, up to `maxRetryAfterMs`. */
  maxDelayMs: number;
  /** A provider that asks for a longer wait than this, in ms, fails the job instead. */
  maxRetryAfterMs: number;
}

export const defaultRetryPolicy: RetryPolicy = Object.freeze({
  maxFailures: 6,
  baseDelayMs: 500,
  maxDelayMs: 60_000,
  maxRetryAfterMs: 600_000,
});

/**
 * The delay in ms before the next attempt, or null when there is to be none.
 * @param failures attempts that have failed, this one included; from 1
 * @param random a number in [0, 1): full jitter (AWS Architecture Blog, "Exponential Backoff and Jitter")
 */
export function retryDelayMs(
  policy: RetryPolicy,
  error: Pick<AttemptError, 'retryable' | 'retryAfterMs'>,
  failures: number,
  random: number,
): number | null {
  if (!error.retryable || failures >= policy.maxFailures) return null;
  const retryAfterMs = error.retryAfterMs ?? 0;
  if (retryAfterMs > policy.maxRetryAfterMs) return null;
  const ceiling = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (failures - 1));
  // Jitter is added to a Retry-After as well, so that all who were told the same moment don't come back in it.
  return Math.ceil(retryAfterMs + random * ceiling);
}
