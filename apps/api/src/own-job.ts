/** A job of the caller's own: of its tenant, and of a task that its key isn't kept from. */
import { type Caller, isJobId } from '@holdfast/core';
import { jobNotFound, type OwnedJob, type OwnedSummary } from '@holdfast/journal';
import type { ApiParts } from './parts.ts';

export function mayUse({ tasks }: Caller, task: string): boolean {
  return tasks?.includes(task) ?? true;
}

/** @throws RequestError `job_not_found`, whether there is no such job or it is another's */
export function ownedBy<Found extends OwnedSummary>(caller: Caller, id: string, found: Found | null): Found {
  if (found?.tenant !== caller.tenant || !mayUse(caller, found.job.task)) throw jobNotFound(id);
  return found;
}

/** The job without its answer, in one round trip. @throws as `ownedBy` */
export async function ownSummary({ cells }: ApiParts, caller: Caller, id: string): Promise<OwnedSummary> {
  if (!isJobId(id)) throw jobNotFound(id);
  const [found = null] = await cells.of(caller.tenant).journal.getSummaries([id]);
  return ownedBy(caller, id, found);
}

/** One round trip. @throws as `ownedBy` */
export async function ownJob({ cells }: ApiParts, caller: Caller, id: string): Promise<OwnedJob> {
  // What can't be an id is never looked for: client text doesn't become part of a Redis key.
  if (!isJobId(id)) throw jobNotFound(id);
  return ownedBy(caller, id, await cells.of(caller.tenant).journal.get(id));
}
