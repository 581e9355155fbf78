/** The jobs that an act on many is for: those that are named, or a page of those that a filter finds. */
import { searchJobs } from '@holdfast/journal';
import type { ConsoleCells } from '../cells.ts';
import type { BulkRequest, Selection } from './bulk.ts';
import { findJobs } from './find-job.ts';
import { filterOf } from './job-filter.ts';

export async function select(cells: ConsoleCells, request: BulkRequest): Promise<Selection> {
  return request.filter ? selectByFilter(cells, request.filter, request) : selectByIds(cells, request.ids ?? []);
}

async function selectByIds(cells: ConsoleCells, named: readonly string[]): Promise<Selection> {
  const ids = [...new Set(named)];
  const found = await findJobs(cells, ids);
  const jobs = found.filter((one) => one !== null);
  return { jobs, missing: ids.filter((_, at) => found[at] === null), nextCursor: null };
}

async function selectByFilter(
  cells: ConsoleCells,
  asked: NonNullable<BulkRequest['filter']>,
  { limit, cursor }: BulkRequest,
): Promise<Selection> {
  const filter = filterOf(asked);
  if (filter === null) return { jobs: [], missing: [], nextCursor: null };
  const { jobs, nextCursor } = await searchJobs(cells, { filter, limit, cursor });
  return { jobs: jobs.map((job) => ({ ...job, cell: cells.of(job.tenant) })), missing: [], nextCursor };
}
