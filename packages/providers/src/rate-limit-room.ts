/**
 * What a provider's answer says is left of its limits: `x-ratelimit-remaining-requests`, `-tokens`, and when they are reset
 * (`x-ratelimit-reset-requests`, `-tokens`, as OpenAI writes durations: "1s", "6m0s", "120ms"), and Retry-After.
 */
import type { ProviderRoom } from '@holdfast/core';
import { readRetryAfterMs } from './retry-after.ts';

const unitMs: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** null: it says nothing that could be used. */
export function readRoom(headers: Headers, nowMs: number): ProviderRoom | null {
  const requestsLeft = readCount(headers.get('x-ratelimit-remaining-requests'));
  const tokensLeft = readCount(headers.get('x-ratelimit-remaining-tokens'));
  const retryAfterMs = readRetryAfterMs(headers, nowMs);
  const resets = ['requests', 'tokens'].flatMap(
    (name) => readDurationMs(headers.get(`x-ratelimit-reset-${name}`)) ?? [],
  );
  const room: ProviderRoom = {
    ...(requestsLeft === undefined ? {} : { requestsLeft }),
    ...(tokensLeft === undefined ? {} : { tokensLeft }),
    // The later of the two: until then, both are at least what is said.
    ...(resets.length === 0 ? {} : { resetMs: Math.max(...resets) }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  return Object.keys(room).length > 0 ? room : null;
}

function readCount(text: string | null): number | undefined {
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** A bare number is seconds, as some gateways write it. */
export function readDurationMs(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1_000);
  if (!/^(\d+(\.\d+)?(ms|[dhms]))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)];
  return Math.ceil(parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? 0), 0));
}
