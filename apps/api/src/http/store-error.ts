/** What clients are told when Redis can't do what they ask: to send the same again. */
import { RequestError } from '@holdfast/core';
import { isOutOfMemory, isStoreUnavailable } from '@holdfast/redis';

/** Longer than for an outage: room comes back as jobs end and expire. */
const FULL_RETRY_MS = 5_000;

export function queueFull(why: { cause?: unknown } = {}): RequestError {
  return new RequestError(
    'queue_full',
    'The store of jobs is nearly full, and what is left is for the jobs that run. Send the same again later.',
    { retryAfterMs: FULL_RETRY_MS, ...why },
  );
}

/** The answer to an error of Redis; null: it is none of those. */
export function storeError(error: unknown): RequestError | null {
  if (isOutOfMemory(error)) return queueFull({ cause: error });
  if (!isStoreUnavailable(error)) return null;
  return new RequestError('store_unavailable', 'The store of jobs is not reachable. Send the same again.', {
    retryAfterMs: 1_000,
    cause: error,
  });
}
