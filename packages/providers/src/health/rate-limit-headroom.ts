/** The rate-limit headroom in a provider's answer: what is left of its limits, and how long it asks to wait. */
import type { RateLimitHeadroom } from '@holdfast/core';
import { limitsIn, readRetryAfterMs } from '../failure/waits.ts';

/** null: the answer has nothing usable. */
export function readHeadroom(headers: Headers, nowMs: number): RateLimitHeadroom | null {
  const limits = limitsIn(headers, nowMs);
  const requestsLeft = (limits.get('requests') ?? limits.get(''))?.left;
  const tokensLeft = limits.get('tokens')?.left;
  const retryAfterMs = readRetryAfterMs(headers, nowMs);
  const resets = ['requests', 'tokens', ''].flatMap((name) => limits.get(name)?.resetMs ?? []);
  const headroom: RateLimitHeadroom = {
    ...(requestsLeft === undefined ? {} : { requestsLeft }),
    ...(tokensLeft === undefined ? {} : { tokensLeft }),
    // The latest reset: until then all limits have at least the reported rest.
    ...(resets.length === 0 ? {} : { resetMs: Math.max(...resets) }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  return Object.keys(headroom).length > 0 ? headroom : null;
}
