/**
 * A tenant's jobs, newest first, without their answers. The list has ids by time of creation; the filter is applied to the records.
 * Ids whose record has just expired are skipped: maintenance removes them from the list.
 */
import { type JobList, type JobStatus, type JobSummary, RequestError } from '@holdfast/core';
import type { Journal } from '../journal.ts';

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

interface Position {
  score: number;
  jobId: string;
}

/** How many ids are read at once, and for one page: a filter that matches nothing must not read a million records. */
const MAX_CHUNK = 200;
const MAX_READ = 2_000;

function matches(job: JobSummary, filter: JobFilter): boolean {
  return (
    (filter.status === undefined || job.status === filter.status) &&
    (filter.task === undefined || job.task === filter.task) &&
    (filter.onlyTasks?.includes(job.task) ?? true) &&
    Object.entries(filter.metadata).every(([name, value]) => job.metadata[name] === value)
  );
}

function encodeCursor({ score, jobId }: Position): string {
  return Buffer.from(`${score}:${jobId}`).toString('base64url');
}

function decodeCursor(cursor: string): Position {
  const found = /^(\d{1,16}):(job_[a-z2-7]{32})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  if (!found?.[1] || !found[2]) {
    throw new RequestError('invalid_cursor', 'Expected the `next_cursor` of a page of jobs.', {
      param: 'cursor',
    });
  }
  return { score: Number(found[1]), jobId: found[2] };
}

/**
 * The ids after a position, in the order of the list: by time, newest first; within one ms by id, in descending order.
 * @param wanted the size of the first chunk; each further chunk is twice as large, since the filter seems to match few
 */
async function* walk(
  journal: Journal,
  tenant: string,
  from: Position | null,
  wanted: number,
): AsyncGenerator<Position[]> {
  const key = journal.cell.keys.tenantJobs(tenant);
  let last = from;
  let chunk = Math.min(wanted, MAX_CHUNK);
  for (let offset = 0; ; ) {
    const entries = await journal.redis.zrevrangebyscore(
      key,
      last ? last.score : '+inf',
      '-inf',
      'WITHSCORES',
      'LIMIT',
      offset,
      chunk,
    );
    const found: Position[] = [];
    for (let at = 0; at < entries.length; at += 2) {
      found.push({ jobId: entries[at] ?? '', score: Number(entries[at + 1]) });
    }
    const { score, jobId } = last ?? { score: Number.POSITIVE_INFINITY, jobId: '' };
    const fresh = found.filter((entry) => entry.score < score || entry.jobId < jobId);
    // A whole chunk of one ms that was seen before: go on within this ms.
    offset = fresh.length === 0 ? offset + chunk : 0;
    last = fresh.at(-1) ?? last;
    if (fresh.length > 0) yield fresh;
    if (found.length < chunk) return;
    chunk = Math.min(2 * chunk, MAX_CHUNK);
  }
}

/** One page. `has_more` may be true even if the next page is empty; its `next_cursor` is valid then. */
export async function listJobs(journal: Journal, { tenant, filter, limit, cursor }: ListQuery): Promise<JobList> {
  const data: JobSummary[] = [];
  let read = 0;
  let last = cursor === undefined ? null : decodeCursor(cursor);
  // One more than the page, to see whether another page follows, and one for the position itself, which comes again.
  for await (const positions of walk(journal, tenant, last, limit + 2)) {
    const jobs = await journal.getSummaries(positions.map(({ jobId }) => jobId));
    for (const [at, position] of positions.entries()) {
      const job = jobs[at]?.job;
      if (job && matches(job, filter)) {
        if (data.length === limit) return page(data, last);
        data.push(job);
      }
      last = position;
    }
    read += positions.length;
    if (read >= MAX_READ) return page(data, last);
  }
  return page(data, null);
}

function page(data: JobSummary[], next: Position | null): JobList {
  return { object: 'list', data, has_more: next !== null, next_cursor: next && encodeCursor(next) };
}
