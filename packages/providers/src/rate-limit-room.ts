/** What a provider's answer says is left of its limits, and how long it asks to be left alone. */
import type { ProviderRoom } from '@holdfast/core';
import { limitsIn, readRetryAfterMs } from './waits.ts';

/** null: it says nothing that could be used. */
export function readRoom(headers: Headers, nowMs: number): ProviderRoom | null {
  const { requests, tokens, unnamed } = limitsIn(headers, nowMs);
  const requestsLeft = requests.left ?? unnamed.left;
  const retryAfterMs = readRetryAfterMs(headers, nowMs);
  const resets = [requests, tokens, unnamed].flatMap(({ resetMs }) => resetMs ?? []);
  const room: ProviderRoom = {
    ...(requestsLeft === undefined ? {} : { requestsLeft }),
    ...(tokens.left === undefined ? {} : { tokensLeft: tokens.left }),
    // The latest: until then, all are at least what is said.
    ...(resets.length === 0 ? {} : { resetMs: Math.max(...resets) }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  return Object.keys(room).length > 0 ? room : null;
}
