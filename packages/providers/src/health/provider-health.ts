/**
 * What a failure says of its provider: whether another provider is worth asking for the same thing.
 *
 *   unhealthy   it doesn't serve this: 5xx, 408, 409, no connection, a timeout, silence, a cut stream, nonsense instead of an
 *               answer, a key that it refuses or that has no credit left. Its breaker counts it. An answer that can't be read may
 *               be the request's own doing (`mayBeOfRequest`)
 *   overloaded  429 that asks for more than `PATIENCE_MS` of quiet: it is left alone for as long, and the next one is asked
 *   neither     the request is bad (400, 404, 422, a refusal), a short 429 (the lane's limits see to it), or nothing was asked
 */
import type { AttemptError, JobErrorCode } from '@holdfast/core';

/** A provider that asks for more quiet than this, in ms, isn't waited for where there is another. */
const PATIENCE_MS = 5_000;

const unhealthyCodes: ReadonlySet<JobErrorCode> = new Set([
  'provider_unavailable',
  'provider_timeout',
  'provider_stalled',
  'provider_stream_cut',
  'provider_bad_response',
  'provider_unauthorized',
  'provider_response_gone',
]);

const codesOfRequest: ReadonlySet<JobErrorCode> = new Set(['provider_bad_response', 'provider_response_gone']);

export type Health = 'unhealthy' | 'overloaded' | null;

export function healthOf({ code, retryable, retryAfterMs = 0 }: AttemptError): Health {
  if (unhealthyCodes.has(code)) return 'unhealthy';
  if (code !== 'provider_rate_limited') return null;
  if (!retryable) return 'unhealthy';
  return retryAfterMs > PATIENCE_MS ? 'overloaded' : null;
}

/** Whether the request may be the reason, as far as one failure can tell: the provider has answered, and not with an answer. */
export function mayBeOfRequest({ code }: AttemptError): boolean {
  return codesOfRequest.has(code);
}
