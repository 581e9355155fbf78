/**
 * One search over Redis and the archive. A cursor says where it goes on:
 *
 *   r.<cursor>   in Redis
 *   a.<cursor>   in the archive, after all that Redis has
 *
 * A job that ended lately is in both, and is shown once, from Redis.
 */
import type { AdminJob } from '@holdfast/admin';
import { RequestError } from '@holdfast/core';
import { type JobFilter, searchJobs } from '@holdfast/journal';
import type { Actor } from '../access/actor.ts';
import type { ConsoleCells } from '../cells.ts';
import type { ArchivedJobs } from './archived-jobs.ts';
import { findJobs } from './find-job.ts';
import { showJob } from './show-job.ts';

interface Search {
  filter: JobFilter;
  limit: number;
  cursor?: string | undefined;
}

interface Page {
  data: AdminJob[];
  next: string | null;
  scannedTo: string | null;
}

export interface Sources {
  cells: ConsoleCells;
  /** null: there is no archive. */
  archive: ArchivedJobs | null;
}

type Viewer = Pick<Actor, 'role'>;

/** @throws RequestError `invalid_cursor`, `store_unavailable` */
export async function searchAll(sources: Sources, search: Search, viewer: Viewer): Promise<Page> {
  const [, place, inner = ''] = /^([ra])\.(.*)$/.exec(search.cursor ?? 'r.') ?? [];
  if (place === undefined) throw wrongCursor();
  if (place === 'a') return searchArchive(sources, search.filter, inner, search.limit, viewer);
  const { filter, limit } = search;
  const { jobs, nextCursor, scannedTo } = await searchJobs(sources.cells, {
    filter,
    limit,
    cursor: inner || undefined,
  });
  const data = jobs.map((job) => showJob(job, viewer));
  if (nextCursor !== null) return { data, next: `r.${nextCursor}`, scannedTo };
  if (data.length === limit) return { data, next: sources.archive ? 'a.' : null, scannedTo };
  // Redis has no more: the rest of the page is from the archive.
  const rest = await searchArchive(sources, filter, '', limit - data.length, viewer);
  return { data: [...data, ...rest.data], next: rest.next, scannedTo };
}

async function searchArchive(
  { cells, archive }: Sources,
  filter: JobFilter,
  cursor: string,
  limit: number,
  viewer: Viewer,
): Promise<Page> {
  const found = await archive?.search(filter, cursor, limit);
  if (!found) return { data: [], next: null, scannedTo: null };
  const ids = found.jobs.map(({ job }) => job.id);
  const inRedis = await findJobs(cells, ids);
  const data = found.jobs.filter((_, at) => inRedis[at] === null).map((job) => showJob(job, viewer, 'archive'));
  return { data, next: found.next === null ? null : `a.${found.next}`, scannedTo: null };
}

function wrongCursor(): RequestError {
  return new RequestError('invalid_cursor', 'cursor: expected the `next_cursor` of a page of jobs.', {
    param: 'cursor',
  });
}
