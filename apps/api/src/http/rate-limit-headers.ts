/**
 * What a tenant with a limit of requests is told of it, on every answer to a submit (replays included) and to a run again:
 *
 *   RateLimit-Policy, RateLimit   IETF draft-ietf-httpapi-ratelimit-headers-10 (structured fields): `r` what is left, `t`
 *                                 seconds until there is more
 *   x-ratelimit-…-requests        the same as OpenAI's API says it; its SDKs and their users know to look there
 */
import type { RequestsLeft } from '@holdfast/cell';
import type { Limits } from '@holdfast/core';
import type { Response } from '@holdfast/service';
import type { ApiCell } from '../parts.ts';

export function setRateLimitHeaders(response: Response, requests: RequestsLeft | null): void {
  if (requests === null) return;
  const { limit, remaining, resetMs } = requests;
  const seconds = Math.ceil(resetMs / 1_000);
  response.setHeader('ratelimit-policy', `"requests";q=${limit};w=60`);
  response.setHeader('ratelimit', `"requests";r=${remaining};t=${seconds}`);
  response.setHeader('x-ratelimit-limit-requests', limit);
  response.setHeader('x-ratelimit-remaining-requests', remaining);
  response.setHeader('x-ratelimit-reset-requests', seconds < 60 ? `${seconds}s` : `1m${seconds - 60}s`);
}

/** For an answer that needs no admission, beside what makes it: where this fails or comes too late it does without. */
export async function showRequestsLeft(
  { ledger }: ApiCell,
  response: Response,
  tenant: string,
  limits: Limits,
): Promise<void> {
  const left = await ledger.requestsLeft(tenant, limits).catch(() => null);
  if (!response.headersSent) setRateLimitHeaders(response, left);
}
