/** Entity tags of jobs, and requests that are conditional on them (RFC 9110, 8.8.3 and 13.1.2). */
import type { Job } from '@holdfast/core';
import type { Request } from '@holdfast/service';

/** One of a list of tags, weak or not. A tag may hold commas: a list can't be split at them. */
const ENTITY_TAG = /(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g;

/** Everything about a job that can change shows in these; `created_at` in what a key that is used again names. */
export function etagOf({ created_at, attempt, cursor, status, cancel_requested_at }: Job): string {
  return `"${Date.parse(created_at).toString(36)}-${attempt}-${cursor}-${status}${cancel_requested_at ? '-cancel' : ''}"`;
}

/**
 * Whether the client has this representation already, by its `If-None-Match`: one of the tags it names, or `*` for any. Tags
 * are compared weakly, as RFC 9110 asks here: proxies that compress an answer make its tag a weak one.
 */
export function isNotModified({ headers }: Pick<Request, 'headers'>, etag: string): boolean {
  const wanted = headers['if-none-match']?.trim();
  if (wanted === undefined) return false;
  return wanted === '*' || [...wanted.matchAll(ENTITY_TAG)].some(([, tag]) => tag === etag);
}
