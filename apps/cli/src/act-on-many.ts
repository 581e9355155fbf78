/** An act on many jobs. The console does at most so many in one request, so it is asked until none is left. */
import type { AdminClient, BulkResult, bulkActions, JobFilter } from '@holdfast/admin';
import { doneText } from './output/bulk-text.ts';
import { note } from './output/printer.ts';

export type BulkAction = (typeof bulkActions)[number];
export type BulkTarget = { ids: readonly string[] } | { filter: JobFilter };

/** Jobs in one request: few enough that its answer comes well within the time that a request may take. */
const IN_ONE_REQUEST = 200;
/** Ids of jobs that a result names, as the console does. */
const SHOWN = 20;

/**
 * Returns the sum of all answers. If a request fails, what was done before it is said on stderr. Called again, it goes on with
 * what is left: jobs that are done don't fit any more.
 * @throws HoldfastError of the request that failed
 */
export async function actOnMany(
  admin: AdminClient,
  action: BulkAction,
  target: BulkTarget,
  isDryRun: boolean,
): Promise<BulkResult> {
  let sum: BulkResult = { dry_run: isDryRun, matched: 0, done: 0, skipped: 0, failed: [], ids: [], next_cursor: null };
  try {
    for await (const result of resultsOf(admin, action, target, isDryRun)) sum = plus(sum, result);
  } catch (error) {
    if (sum.done > 0) note(`${doneText(action, sum)} Then a request failed, which may have done more.`);
    throw error;
  }
  return sum;
}

async function* resultsOf(
  admin: AdminClient,
  action: BulkAction,
  target: BulkTarget,
  isDryRun: boolean,
): AsyncGenerator<BulkResult> {
  const request = { action, dry_run: isDryRun, limit: IN_ONE_REQUEST };
  if ('ids' in target) {
    for (const ids of chunksOf(target.ids)) yield await admin.call('bulk', { body: { ...request, ids } });
    return;
  }
  let cursor: string | undefined;
  do {
    const result: BulkResult = await admin.call('bulk', { body: { ...request, filter: target.filter, cursor } });
    yield result;
    cursor = result.next_cursor ?? undefined;
  } while (cursor !== undefined);
}

/** Without what is named twice, which two requests would count twice. */
function chunksOf(named: readonly string[]): string[][] {
  const ids = [...new Set(named)];
  const count = Math.ceil(ids.length / IN_ONE_REQUEST);
  return Array.from({ length: count }, (_, at) => ids.slice(at * IN_ONE_REQUEST, (at + 1) * IN_ONE_REQUEST));
}

function plus(sum: BulkResult, { matched, done, skipped, failed, ids }: BulkResult): BulkResult {
  return {
    dry_run: sum.dry_run,
    matched: sum.matched + matched,
    done: sum.done + done,
    skipped: sum.skipped + skipped,
    failed: [...sum.failed, ...failed],
    ids: [...sum.ids, ...ids].slice(0, SHOWN),
    next_cursor: null,
  };
}
