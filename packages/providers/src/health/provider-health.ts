/**
 * The health of a provider after a failure, which decides whether another provider should be tried:
 *
 *   unhealthy   5xx, 408, 409, no connection, a timeout, silence, a cut stream, something that isn't an answer, or a key that is
 *               refused or has no credit. The breaker counts it. An unreadable answer may be due to the request (`mayBeOfRequest`)
 *   overloaded  a 429 that asks for a pause of more than `MAX_WAIT_MS`: the provider gets its pause, and the next one is tried
 *   neither     the request is bad (400, 404, 422, a refusal), a short 429 (the lane's limits handle it), or no request was sent
 */
import type { AttemptError, JobErrorCode } from '@holdfast/core';

/** For a longer pause than this, in ms, another provider is tried. */
const MAX_WAIT_MS = 5_000;

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
  return retryAfterMs > MAX_WAIT_MS ? 'overloaded' : null;
}

/** Whether the request may be the reason: the provider has sent something that isn't an answer. */
export function mayBeOfRequest({ code }: AttemptError): boolean {
  return codesOfRequest.has(code);
}
