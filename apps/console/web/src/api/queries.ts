/** Operations of the admin API as queries: one key for one request, so that pages share what they have read. */
import type { OperationName, RequestOf, ResponseOf } from '@holdfast/admin';
import { queryOptions } from '@tanstack/react-query';
import { admin } from './admin.ts';

/** While the page is visible, and no longer. */
export const LIVE_MS = 4_000;

export function adminQuery<Name extends OperationName>(name: Name, request: RequestOf<Name>) {
  return queryOptions<ResponseOf<Name>>({
    queryKey: [name, request],
    queryFn: () => admin.call(name, request),
  });
}

/** The same, read again every few seconds while the page is visible. */
export function liveQuery<Name extends OperationName>(name: Name, request: RequestOf<Name>) {
  return queryOptions<ResponseOf<Name>>({
    queryKey: [name, request],
    queryFn: () => admin.call(name, request),
    refetchInterval: LIVE_MS,
  });
}
