/** What clients are told when Redis can't do what they ask: to send the same request again. */
import { RequestError } from '@holdfast/core';
import { isOutOfMemory, isStoreUnavailable } from '@holdfast/redis';

/** Longer than for an outage: memory is freed as jobs end and expire. */
const FULL_RETRY_MS = 5_000;

export function queueFull(options: { cause?: unknown } = {}): RequestError {
  return new RequestError(
    'queue_full',
    'The job store is nearly full; the rest of its memory is for jobs that are running. Send the same request again later.',
    { retryAfterMs: FULL_RETRY_MS, ...options },
  );
}

/** The answer to an error of Redis; null: it is another kind of error. */
export function storeError(error: unknown): RequestError | null {
  if (isOutOfMemory(error)) return queueFull({ cause: error });
  if (!isStoreUnavailable(error)) return null;
  return new RequestError('store_unavailable', 'The job store is not reachable. Send the same request again.', {
    retryAfterMs: 1_000,
    cause: error,
  });
}
