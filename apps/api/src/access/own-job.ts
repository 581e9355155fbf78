/** A job of the caller's own: of its tenant, and of a task that its key isn't kept from. */
import { type Caller, isJobId } from '@holdfast/core';
import { type Journal, jobNotFound, type OwnedJob, type OwnedSummary } from '@holdfast/journal';
import type { ApiParts } from '../parts.ts';

export function mayUse({ tasks }: Caller, task: string): boolean {
  return tasks?.includes(task) ?? true;
}

/** @throws RequestError `job_not_found`, whether there is no such job or it is another's */
export function ownedBy<Found extends OwnedSummary>(caller: Caller, id: string, found: Found | null): Found {
  if (found?.tenant !== caller.tenant || !mayUse(caller, found.job.task)) throw jobNotFound(id);
  return found;
}

/** One round trip. @throws as `ownedBy` */
export async function ownJob(parts: ApiParts, caller: Caller, id: string): Promise<OwnedJob> {
  return ownedBy(caller, id, await journalFor(parts, caller, id).get(id));
}

/** The same without the answer. */
export async function ownSummary(parts: ApiParts, caller: Caller, id: string): Promise<OwnedSummary> {
  const [found = null] = await journalFor(parts, caller, id).getSummaries([id]);
  return ownedBy(caller, id, found);
}

/** What can't be an id is never looked for: client text doesn't become part of a Redis key. */
function journalFor({ cells }: ApiParts, { tenant }: Caller, id: string): Journal {
  if (!isJobId(id)) throw jobNotFound(id);
  return cells.of(tenant).journal;
}
