/** The job that a request names, if its caller may see it: it belongs to the caller's tenant, and its task is one that the key may use. */
import { type Caller, isJobId } from '@holdfast/core';
import { mayUse, type TenantCells } from '@holdfast/jobs';
import { type Journal, jobNotFound, type OwnedJob, type OwnedSummary } from '@holdfast/journal';
import type { Request } from '@holdfast/service/http';

/** @throws RequestError `job_not_found`, whether there is no such job or it belongs to someone else */
export function ownedBy<Found extends OwnedSummary>(caller: Caller, id: string, found: Found | null): Found {
  if (found?.tenant !== caller.tenant || !mayUse(caller, found.job.task)) throw jobNotFound(id);
  return found;
}

/** The job with its answer, in one round trip. @throws as `ownedBy` */
export async function ownJob(cells: TenantCells<'journal'>, caller: Caller, request: Request): Promise<OwnedJob> {
  const { id, journal } = locate(cells, caller, request);
  return ownedBy(caller, id, await journal.get(id));
}

/** The job without its answer, in one round trip. @throws as `ownedBy` */
export async function ownSummary(
  cells: TenantCells<'journal'>,
  caller: Caller,
  request: Request,
): Promise<OwnedSummary> {
  const { id, journal } = locate(cells, caller, request);
  const [found = null] = await journal.getSummaries([id]);
  return ownedBy(caller, id, found);
}

/** Refuses what can't be a job id before anything is read: client text never becomes part of a Redis key. */
function locate(cells: TenantCells<'journal'>, { tenant }: Caller, request: Request): { id: string; journal: Journal } {
  const id = String(request.params.id);
  if (!isJobId(id)) throw jobNotFound(id);
  return { id, journal: cells.of(tenant).journal };
}
