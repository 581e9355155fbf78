/** A job of any tenant, by its id. */
import { isJobId } from '@holdfast/core';
import { jobNotFound, type OwnedSummary } from '@holdfast/journal';
import type { ConsoleCell, ConsoleCells } from '../cells.ts';

export interface FoundInCell extends OwnedSummary {
  cell: ConsoleCell;
}

/** Without its answer, in one round trip for each cell. @throws RequestError `job_not_found` */
export async function findJob(cells: ConsoleCells, id: string): Promise<FoundInCell> {
  const [found] = await findJobs(cells, [id]);
  if (!found) throw jobNotFound(id);
  return found;
}

/** The same for many, in their order; null for one that is not there. */
export async function findJobs(cells: ConsoleCells, ids: readonly string[]): Promise<(FoundInCell | null)[]> {
  // What can't be an id never becomes part of a Redis key.
  const asked = ids.filter(isJobId);
  const found = new Map<string, FoundInCell>();
  for (const cell of cells.all) {
    const summaries = asked.length > 0 ? await cell.journal.getSummaries(asked) : [];
    for (const one of summaries) if (one) found.set(one.job.id, { ...one, cell });
  }
  return ids.map((id) => found.get(id) ?? null);
}
