/**
 * A call and its lane's minute:
 *
 *   take     the first call has the room that was taken when the job was released; further ones wait here for theirs,
 *            while their job keeps its slot
 *   settle   what was taken is corrected by what was used; a call without usage keeps what was taken for it
 *   heed     the provider asks for quiet: the whole lane has it
 *
 * Settling and heeding are not waited for, and no more than logged where they fail: a bucket fills up again by itself.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { AttemptError, JsonObject } from '@holdfast/core';
import { estimateTokens } from '@holdfast/gate';
import { healthOf } from '@holdfast/providers';
import type { Attempt, WorkerParts } from '../attempt/run-attempt.ts';

type Usage = { input_tokens: number; output_tokens: number } | null;

/** Resolves with the tokens taken. Throws the signal's reason. */
export async function acquireCall(
  { callLimits }: WorkerParts,
  attempt: Attempt,
  { body, signal }: { body: JsonObject; signal: AbortSignal },
): Promise<number> {
  const { lane, tokens } = attempt.claim;
  if (attempt.hasAcquiredCall) {
    attempt.hasAcquiredCall = false;
    return tokens;
  }
  const wanted = estimateTokens(Buffer.byteLength(JSON.stringify(body)), body);
  for (;;) {
    const waitMs = await callLimits.acquireCall(lane, wanted);
    if (waitMs === 0) return wanted;
    await delay(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

export function settleCall(parts: WorkerParts, { claim }: Attempt, taken: number, usage: Usage): void {
  if (usage) correct(parts, claim, taken, usage.input_tokens + usage.output_tokens);
}

/** Room that was taken with the job's release, and that no call of the attempt has needed. */
export function releaseCall(parts: WorkerParts, attempt: Attempt): void {
  if (!attempt.hasAcquiredCall) return;
  attempt.hasAcquiredCall = false;
  correct(parts, attempt.claim, attempt.claim.tokens, 0);
}

function correct({ callLimits, logger }: WorkerParts, { lane, jobId }: Attempt['claim'], taken: number, used: number) {
  callLimits
    .correctCall(lane, taken, used)
    .catch((error: unknown) => logger.warn({ jobId, lane, error }, 'call not settled'));
}

export function heedRetryAfter({ callLimits, logger }: WorkerParts, attempt: Attempt, error: AttemptError): void {
  const { code, retryAfterMs } = error;
  if (code !== 'provider_rate_limited' || retryAfterMs === undefined) return;
  // Where a lane has others, one that asks for long quiet is passed by, and only the first one's limits are the lane's.
  const [first, ...others] = attempt.lane?.providers ?? [];
  if (others.length > 0 && (error.provider !== first?.provider.name || healthOf(error) !== null)) return;
  const { lane, jobId } = attempt.claim;
  callLimits
    .slowDown(lane, { retryAfterMs })
    .catch((failure: unknown) => logger.warn({ jobId, lane, error: failure }, 'lane not slowed down'));
}
