/** A tenant's jobs, newest first, without their answers: what its clients see. `search-jobs.ts` is for admins. */
import type { JobList, JobStatus, JobSummary } from '@holdfast/core';
import type { Journal } from '../journal.ts';
import { decodeCursor, encodeCursor, readPage } from './walk-jobs.ts';

interface JobFilter {
  status?: JobStatus | undefined;
  task?: string | undefined;
  /** Only jobs of these tasks; null: of all tasks. */
  onlyTasks: readonly string[] | null;
  metadata: Record<string, string>;
}

export interface ListQuery {
  tenant: string;
  filter: JobFilter;
  limit: number;
  cursor?: string | undefined;
}

function matches(job: JobSummary, filter: JobFilter): boolean {
  return (
    (filter.status === undefined || job.status === filter.status) &&
    (filter.task === undefined || job.task === filter.task) &&
    (filter.onlyTasks?.includes(job.task) ?? true) &&
    hasMetadata(job, filter.metadata)
  );
}

/** Whether the job has all of these pairs. */
export function hasMetadata(job: Pick<JobSummary, 'metadata'>, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, value]) => job.metadata[name] === value);
}

/** One page. `has_more` may be true even if the next page is empty; its `next_cursor` is valid then. */
export async function listJobs(journal: Journal, { tenant, filter, limit, cursor }: ListQuery): Promise<JobList> {
  const { found, next } = await readPage([{ journal, key: journal.cell.keys.tenantJobs(tenant) }], {
    matches: ({ job }) => matches(job, filter),
    limit,
    after: cursor === undefined ? null : decodeCursor(cursor),
  });
  const data = found.map(({ job }) => job);
  return { object: 'list', data, has_more: next !== null, next_cursor: next && encodeCursor(next) };
}
