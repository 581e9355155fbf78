/**
 * Searches the jobs of all tenants, for admins: newest first, without prompts and answers. Each search walks the smallest of the lists
 * that must hold all that it asks for:
 *
 *   id, or tenant and key     the one job, without a list
 *   tenant                    the tenant's jobs, by their creation
 *   queued, running           open jobs, by their creation; those that were retried, by the retry
 *   failed, an error's code   failed jobs, by their end
 *   anything else             all jobs, by their creation
 *
 * A search reads 2,000 records at most. If fewer than `limit` of these match, the page is short, and `nextCursor` goes on from there.
 */
import { type JobStatus, jobIdFor, RequestError } from '@holdfast/core';
import type { Journal } from '../journal.ts';
import type { OwnedSummary } from '../record.ts';
import { hasMetadata } from './list-jobs.ts';
import { decodeCursor, encodeCursor, invalidCursor, type JobSource, readPage } from './walk-jobs.ts';

/** What a job has to have. Members that are absent don't count. */
export interface JobFilter {
  id?: string | undefined;
  /** Idempotency key; needs `tenant`. */
  key?: string | undefined;
  tenant?: string | undefined;
  task?: string | undefined;
  lane?: string | undefined;
  status?: JobStatus | undefined;
  /** Of the error that the job has failed with. */
  errorCode?: string | undefined;
  /** Exact pairs. */
  metadata?: Readonly<Record<string, string>> | undefined;
  /** ms, both included. */
  createdFrom?: number | undefined;
  createdTo?: number | undefined;
}

export interface JobSearch {
  filter: JobFilter;
  limit: number;
  cursor?: string | undefined;
}

export interface FoundJobs {
  jobs: OwnedSummary[];
  /** null: nothing follows. The next page may be empty. */
  nextCursor: string | null;
  /** ISO 8601. The page is short because few of the records that were read matched: nothing before this time was read. */
  scannedTo: string | null;
}

/** The journals of all cells, and that of a tenant. */
export interface JournalCells {
  readonly all: readonly { journal: Journal }[];
  of(tenant: string): { journal: Journal };
}

/** The lists, by their letter in cursors. */
const lists = { t: 'tenant', o: 'open', f: 'failed', a: 'all' } as const;
type List = keyof typeof lists;

/** @throws RequestError `invalid_cursor`; `validation_failed`, for a key without a tenant */
export async function searchJobs(cells: JournalCells, { filter, limit, cursor }: JobSearch): Promise<FoundJobs> {
  const id = idOf(filter);
  if (id !== null) {
    const found = await findJob(cells, id);
    const jobs = found && matches(found, filter) ? [found] : [];
    return { jobs, nextCursor: null, scannedTo: null };
  }
  const after = cursor === undefined ? null : decodeCursor(cursor);
  const list = after ? listOf(after.list, filter) : await smallestList(cells, filter);
  const { found, next, isCut } = await readPage(sourcesOf(cells, list, filter), {
    matches: (job) => matches(job, filter),
    limit,
    after,
    range: rangeOf(list, filter),
  });
  return {
    jobs: found,
    nextCursor: next && encodeCursor(next, list),
    scannedTo: next && isCut ? new Date(next.score).toISOString() : null,
  };
}

/** The job with this id, of whatever tenant; null: no cell has it. */
export async function findJob({ all }: JournalCells, jobId: string): Promise<OwnedSummary | null> {
  const found = await Promise.all(all.map(({ journal }) => journal.getSummaries([jobId])));
  return found.flat().find((job) => job !== null) ?? null;
}

/** null: the filter names no single job. */
function idOf({ id, key, tenant }: JobFilter): string | null {
  if (key === undefined) return id ?? null;
  if (tenant === undefined) {
    const message = 'key: an idempotency key names a job of one tenant. Send "tenant" as well.';
    throw new RequestError('validation_failed', message, { param: 'key' });
  }
  return jobIdFor(tenant, key);
}

function matches({ tenant, job }: OwnedSummary, filter: JobFilter): boolean {
  const createdAt = Date.parse(job.created_at);
  const { createdFrom = Number.NEGATIVE_INFINITY, createdTo = Number.POSITIVE_INFINITY } = filter;
  return (
    isWanted(filter.id, job.id) &&
    isWanted(filter.tenant, tenant) &&
    isWanted(filter.task, job.task) &&
    isWanted(filter.lane, job.lane) &&
    isWanted(filter.status, job.status) &&
    isWanted(filter.errorCode, job.error?.code) &&
    createdAt >= createdFrom &&
    createdAt <= createdTo &&
    hasMetadata(job, filter.metadata ?? {})
  );
}

function isWanted(wanted: string | undefined, value: string | undefined): boolean {
  return wanted === undefined || wanted === value;
}

/** Each of these holds all jobs that the filter can match. */
function possibleLists({ tenant, status, errorCode }: JobFilter): List[] {
  const possible: List[] = [tenant === undefined ? 'a' : 't'];
  if (status === 'queued' || status === 'running') possible.push('o');
  if (status === 'failed' || errorCode !== undefined) possible.push('f');
  return possible;
}

/** @throws RequestError `invalid_cursor`: the cursor is of a search with another filter */
function listOf(letter: string, filter: JobFilter): List {
  const list = possibleLists(filter).find((one) => one === letter);
  if (!list) throw invalidCursor();
  return list;
}

async function smallestList(cells: JournalCells, filter: JobFilter): Promise<List> {
  const sizes = await Promise.all(
    possibleLists(filter).map(async (list) => {
      const { from = '-inf', to = '+inf' } = rangeOf(list, filter);
      const sources = sourcesOf(cells, list, filter);
      const counts = await Promise.all(sources.map(({ journal, key }) => journal.redis.zcount(key, from, to)));
      return { list, size: counts.reduce((sum, count) => sum + count, 0) };
    }),
  );
  return sizes.reduce((smallest, one) => (one.size < smallest.size ? one : smallest)).list;
}

/** A job can't have ended, or been retried, before it was created; by the other lists' times the end is open. */
function rangeOf(list: List, { createdFrom: from, createdTo: to }: JobFilter): { from?: number; to?: number } {
  const begin = from === undefined ? {} : { from };
  const isByCreation = list === 't' || list === 'a';
  return isByCreation && to !== undefined ? { ...begin, to } : begin;
}

function sourcesOf(cells: JournalCells, list: List, { tenant }: JobFilter): JobSource[] {
  const journals = tenant === undefined ? cells.all : [cells.of(tenant)];
  return journals.map(({ journal }) => ({ journal, key: keyOf(journal, list, tenant ?? '') }));
}

function keyOf({ cell: { keys } }: Journal, list: List, tenant: string): string {
  switch (lists[list]) {
    case 'tenant':
      return keys.tenantJobs(tenant);
    case 'open':
      return keys.open;
    case 'failed':
      return keys.failed;
    case 'all':
      return keys.jobs;
  }
}
