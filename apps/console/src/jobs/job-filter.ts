/** The filter of a search: as a query brings it, and as the journal takes it. */
import type { JobFilter as AskedFilter } from '@holdfast/admin';
import { isJobId, parseIdempotencyKey } from '@holdfast/core';
import type { JobFilter } from '@holdfast/journal';

const METADATA = 'metadata.';

/** Gathers the parameters `metadata.<name>` of a query. From entries, not by assignment: one may be named `__proto__`. */
export function metadataIn(query: Readonly<Record<string, unknown>>): Record<string, string> | undefined {
  const pairs = Object.entries(query).filter(([name]) => name.startsWith(METADATA));
  if (pairs.length === 0) return undefined;
  return Object.fromEntries(pairs.map(([name, value]) => [name.slice(METADATA.length), String(value)]));
}

/** null: no job can fit it. @throws RequestError `invalid_idempotency_key` */
export function filterOf(asked: AskedFilter): JobFilter | null {
  const { id, key, tenant, task, lane, status, error_code, metadata, created_from, created_to } = asked;
  // What can't be an id never becomes part of a Redis key.
  if (id !== undefined && !isJobId(id)) return null;
  return {
    id,
    key: key === undefined ? undefined : parseIdempotencyKey(key, 'key'),
    tenant,
    task,
    lane,
    status,
    errorCode: error_code,
    metadata,
    createdFrom: created_from === undefined ? undefined : Date.parse(created_from),
    createdTo: created_to === undefined ? undefined : Date.parse(created_to),
  };
}
