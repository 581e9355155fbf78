/** Entity tags of jobs, and requests that are conditional on them (RFC 9110, 8.8.3 and 13.1.2). */
import type { Job } from '@holdfast/core';
import type { Request } from '@holdfast/service/http';

/** One tag of a list, weak or not. A tag may contain commas, so the list can't be split at them. */
const ENTITY_TAG = /(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g;

/** Every change of a job changes one of these; `created_at` differs when the idempotency key is used for a new job. */
export function etagOf({ created_at, attempt, cursor, status, cancel_requested_at }: Job): string {
  return `"${Date.parse(created_at).toString(36)}-${attempt}-${cursor}-${status}${cancel_requested_at ? '-cancel' : ''}"`;
}

/**
 * Whether the client has this version already, by its `If-None-Match`: one of its tags, or `*` for any. Tags are compared weakly, as
 * RFC 9110 demands, since proxies that compress an answer make its tag weak.
 */
export function isNotModified({ headers }: Pick<Request, 'headers'>, etag: string): boolean {
  const wanted = headers['if-none-match']?.trim();
  if (wanted === undefined) return false;
  return wanted === '*' || [...wanted.matchAll(ENTITY_TAG)].some(([, tag]) => tag === etag);
}
