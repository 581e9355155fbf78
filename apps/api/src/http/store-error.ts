/** What clients are told when Redis can't do what they ask: to send the same request again. */
import { RequestError } from '@holdfast/core';
import { queueFull } from '@holdfast/jobs';
import { isOutOfMemory, isStoreUnavailable } from '@holdfast/redis';

/** The answer to an error of Redis; null: it is another kind of error. */
export function storeError(error: unknown): RequestError | null {
  if (isOutOfMemory(error)) return queueFull({ cause: error });
  if (!isStoreUnavailable(error)) return null;
  return new RequestError('store_unavailable', 'The job store is not reachable. Send the same request again.', {
    retryAfterMs: 1_000,
    cause: error,
  });
}
