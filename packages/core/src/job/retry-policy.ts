/** When a failed attempt is retried: exponential back-off with full jitter, never before the provider's Retry-After. */
import type { AttemptError } from '../error.ts';

export interface RetryPolicy {
  /** The job fails when this many attempts have failed. Crashes of workers are counted separately. */
  maxFailures: number;
  /** Upper bound of the first delay, in ms. It doubles with each failure. */
  baseDelayMs: number;
  /** Upper bound of every delay, in ms. A longer Retry-After is honored up to `maxRetryAfterMs`. */
  maxDelayMs: number;
  /** The job fails where the provider asks for a longer wait than this, in ms. */
  maxRetryAfterMs: number;
}

export const defaultRetryPolicy: RetryPolicy = Object.freeze({
  maxFailures: 6,
  baseDelayMs: 500,
  maxDelayMs: 60_000,
  maxRetryAfterMs: 600_000,
});

/**
 * The delay in ms before the next attempt; null: the job has failed.
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
  // Jitter is added to a Retry-After too: jobs that got the same one must not all come back at the same moment.
  return Math.ceil(retryAfterMs + random * ceiling);
}
