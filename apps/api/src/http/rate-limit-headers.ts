/**
 * The headers that tell a tenant about its limit of requests, on every answer to a submit (replays included) and to a retry:
 *
 *   RateLimit-Policy, RateLimit   IETF draft-ietf-httpapi-ratelimit-headers-10 (structured fields): `r` requests left, `t`
 *                                 seconds until there are more
 *   x-ratelimit-…-requests        the same in the words of OpenAI's API, which its SDKs and their users know
 */
import type { RequestsLeft } from '@holdfast/cell';
import type { Response } from '@holdfast/service/http';

/** @param requests null: the tenant has no limit, or it is not known */
export function setRateLimitHeaders(response: Response, requests: RequestsLeft | null): void {
  // After its deadline a request has been answered already, with 503.
  if (requests === null || response.headersSent) return;
  const { limit, remaining, resetMs } = requests;
  const seconds = Math.ceil(resetMs / 1_000);
  response.setHeader('ratelimit-policy', `"requests";q=${limit};w=60`);
  response.setHeader('ratelimit', `"requests";r=${remaining};t=${seconds}`);
  response.setHeader('x-ratelimit-limit-requests', limit);
  response.setHeader('x-ratelimit-remaining-requests', remaining);
  response.setHeader('x-ratelimit-reset-requests', seconds < 60 ? `${seconds}s` : `1m${seconds - 60}s`);
}
