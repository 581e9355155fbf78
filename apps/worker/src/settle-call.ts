/**
 * What a call tells its lane: what it used of the tokens that were taken for it, and when the provider asks for quiet. Not
 * waited for, and no more than logged where it fails: a bucket fills up again by itself.
 */
import type { AttemptError } from '@holdfast/core';
import type { Attempt, WorkerParts } from './run-attempt.ts';

type Usage = { input_tokens: number; output_tokens: number } | null;

/** A call without usage keeps what was taken for it. */
export function settleCall({ callLimits, logger }: WorkerParts, { claim }: Attempt, usage: Usage): void {
  if (!usage) return;
  const { lane, tokens, jobId } = claim;
  callLimits
    .settleCall(lane, tokens, usage.input_tokens + usage.output_tokens)
    .catch((error: unknown) => logger.warn({ jobId, lane, error }, 'call not settled'));
}

export function heedRetryAfter({ callLimits, logger }: WorkerParts, { claim }: Attempt, error: AttemptError): void {
  const { code, retryAfterMs } = error;
  if (code !== 'provider_rate_limited' || retryAfterMs === undefined) return;
  const { lane, jobId } = claim;
  callLimits
    .slowDown(lane, { retryAfterMs })
    .catch((failure: unknown) => logger.warn({ jobId, lane, error: failure }, 'lane not slowed down'));
}
