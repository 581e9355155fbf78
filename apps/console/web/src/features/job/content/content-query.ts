/** Prompt and answer of a job. Every reading is in the audit log, so one is kept for as long as the job's state is the same. */
import { queryOptions } from '@tanstack/react-query';
import { admin } from '../../../api/index.ts';

/** @param status another one: what was read is old */
export function contentQuery(id: string, status: string) {
  return queryOptions({
    queryKey: ['jobContent', id, status],
    queryFn: () => admin.call('jobContent', { params: { id } }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}
