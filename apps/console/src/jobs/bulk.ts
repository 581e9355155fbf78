/**
 * One act on many jobs: those that are named, or one page of those that a filter finds. A dry run only counts. A job that the act
 * does not fit is skipped; one that fails stops no other.
 */
import type { BulkResult, bulkActions, JobFilter } from '@holdfast/admin';
import { hasEnded, type JobSummary, RequestError } from '@holdfast/core';
import { requestCancel } from '@holdfast/jobs';
import { jobNotFound } from '@holdfast/journal';
import { isStoreUnavailable } from '@holdfast/redis';
import { type ActNeeds, forget, retry } from './act-on-job.ts';
import type { FoundInCell } from './find-job.ts';

type BulkAction = (typeof bulkActions)[number];

/** How many jobs are acted on at once. */
const AT_ONCE = 20;
const SHOWN = 20;

/** Jobs to act on, and where more of them follow. */
export interface Selection {
  jobs: readonly FoundInCell[];
  /** Ids that were named, and are not there. */
  missing: readonly string[];
  nextCursor: string | null;
}

export interface BulkRequest {
  action: BulkAction;
  dry_run: boolean;
  limit: number;
  ids?: string[] | undefined;
  filter?: JobFilter | undefined;
  cursor?: string | undefined;
}

export async function actOnAll(
  needs: ActNeeds,
  { action, dry_run }: Pick<BulkRequest, 'action' | 'dry_run'>,
  { jobs, missing, nextCursor }: Selection,
): Promise<BulkResult> {
  const fitting = jobs.filter(({ job }) => fits(action, job));
  const failed = missing.map((id) => failure(id, jobNotFound(id)));
  let [done, late] = [0, 0];
  const queue = dry_run ? [] : [...fitting];
  const work = async () => {
    for (let found = queue.shift(); found; found = queue.shift()) {
      const outcome = await actOn(needs, action, found);
      if (outcome === 'done') done += 1;
      else if (outcome === 'skipped') late += 1;
      else failed.push(outcome);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return {
    dry_run,
    matched: fitting.length,
    done,
    skipped: jobs.length - fitting.length + late,
    failed,
    ids: fitting.slice(0, SHOWN).map(({ job }) => job.id),
    next_cursor: nextCursor,
  };
}

function fits(action: BulkAction, { status }: JobSummary): boolean {
  if (action === 'cancel') return !hasEnded(status);
  if (action === 'retry') return status === 'failed' || status === 'cancelled';
  return hasEnded(status);
}

async function actOn(
  needs: ActNeeds,
  action: BulkAction,
  found: FoundInCell,
): Promise<'done' | 'skipped' | BulkResult['failed'][number]> {
  try {
    if (action === 'retry') await retry(needs, found);
    else if (action === 'delete') await forget(needs, found);
    else if ((await requestCancel(needs, found.cell, found)) === 'ended') return 'skipped';
    return 'done';
  } catch (error) {
    // It has changed since it was found.
    if (error instanceof RequestError && ['job_not_retryable', 'job_not_ended'].includes(error.code)) return 'skipped';
    if (error instanceof RequestError) return failure(found.job.id, error);
    const code = isStoreUnavailable(error) ? 'store_unavailable' : 'internal_error';
    needs.logger.warn({ jobId: found.job.id, error }, 'an act on many jobs has failed for one');
    return { id: found.job.id, code, message: 'It may or may not be done: look at the job.' };
  }
}

function failure(id: string, { code, message }: RequestError): BulkResult['failed'][number] {
  return { id, code, message };
}
