/** Bulk actions: first counted, then done. A server does at most so many jobs in one request, so it is asked until none is left. */
import type { BulkResult, JobFilter } from '@holdfast/admin';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { admin } from '../../api/index.ts';

export type BulkAction = 'cancel' | 'retry' | 'delete';
export type BulkTarget = { ids: string[] } | { filter: JobFilter };

export interface BulkOutcome {
  matched: number;
  skipped: number;
  done: number;
  failed: BulkResult['failed'];
}

const nothing: BulkOutcome = { matched: 0, skipped: 0, done: 0, failed: [] };

function plus(sum: BulkOutcome, { matched, skipped, done, failed }: BulkResult): BulkOutcome {
  return {
    matched: sum.matched + matched,
    skipped: sum.skipped + skipped,
    done: sum.done + done,
    failed: [...sum.failed, ...failed],
  };
}

async function runBulk(action: BulkAction, target: BulkTarget, isDryRun: boolean): Promise<BulkOutcome> {
  let outcome = nothing;
  let cursor: string | null = null;
  do {
    const next: { cursor?: string } = cursor === null ? {} : { cursor };
    const result: BulkResult = await admin.call('bulk', { body: { action, ...target, dry_run: isDryRun, ...next } });
    outcome = plus(outcome, result);
    cursor = result.next_cursor;
  } while (cursor !== null);
  return outcome;
}

/** What the action would do now. Not kept: it is asked anew each time that the dialog opens. */
export function useDryRun(action: BulkAction, target: BulkTarget) {
  return useQuery({
    queryKey: ['bulk', action, target],
    queryFn: () => runBulk(action, target, true),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function useBulk(action: BulkAction, target: BulkTarget, onDone: (outcome: BulkOutcome) => void) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () => runBulk(action, target, false),
    onSuccess: async (outcome) => {
      await queryClient.invalidateQueries({ queryKey: ['searchJobs'] });
      onDone(outcome);
    },
  });
}
