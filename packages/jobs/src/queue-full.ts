import { RequestError } from '@holdfast/core';

/** Longer than for an outage: memory is freed as jobs end and expire. */
const FULL_RETRY_MS = 5_000;

/** The refusal of new jobs while Redis is nearly full. */
export function queueFull(options: { cause?: unknown } = {}): RequestError {
  return new RequestError(
    'queue_full',
    'The job store is nearly full; the rest of its memory is for jobs that are running. Send the same request again later.',
    { retryAfterMs: FULL_RETRY_MS, ...options },
  );
}
