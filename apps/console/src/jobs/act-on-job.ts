/** The acts of an operator on one job: the same steps as a tenant's own, for whichever tenant the job belongs to. */
import { type Job, type JsonObject, RequestError, type SubmitRequest } from '@holdfast/core';
import {
  type CancelNeeds,
  type JobOwner,
  type NewJobNeeds,
  newJobOf,
  type RetryNeeds,
  retryJob,
  type SubmitNeeds,
  submitOrReplay,
} from '@holdfast/jobs';
import { jobNotFound, type OwnedSummary } from '@holdfast/journal';
import type { DurableWrites } from '@holdfast/redis';
import { type FoundInCell, findJobs } from './find-job.ts';
import { archivedJob } from './read-one.ts';
import type { Sources } from './search-all.ts';

export interface ActNeeds extends SubmitNeeds, RetryNeeds, CancelNeeds, NewJobNeeds {
  memory: SubmitNeeds['memory'];
  writes: Pick<DurableWrites, 'run'>;
  cells: SubmitNeeds['cells'];
  limits: SubmitNeeds['limits'];
}

/** @throws RequestError why it may not run again */
export async function retry(needs: ActNeeds, found: OwnedSummary): Promise<void> {
  const { refusal } = await retryJob(needs, found);
  if (refusal) throw refusal;
}

/** Forgets an ended job. @throws RequestError `job_not_ended`, `job_not_found` */
export async function forget({ writes }: Pick<ActNeeds, 'writes'>, { cell, job: { id } }: FoundInCell): Promise<void> {
  const reply = await writes.run((redis) => cell.journal.over(redis).delete(id));
  if (reply === 'missing') throw jobNotFound(id);
  if (reply === 'not_ended') {
    throw new RequestError('job_not_ended', 'The job has not ended; cancel it first.', { param: 'id' });
  }
}

/**
 * Forgets an ended job in Redis and in the archive, wherever it is.
 * @returns its tenant. @throws RequestError `job_not_ended`, `job_not_found`, `store_unavailable`
 */
export async function forgetEverywhere(needs: Pick<ActNeeds, 'writes'> & Sources, id: string): Promise<string> {
  const [found] = await findJobs(needs.cells, [id]);
  const { tenant } = found ?? (await archivedJob(needs, id));
  if (found) await forget(needs, found);
  await needs.archive?.forget(needs.cells.of(tenant).journal.cell.name, id);
  return tenant;
}

interface Change {
  input: JsonObject;
  metadata?: Record<string, string> | undefined;
}

/**
 * Submits a changed copy, as a job of its own: same tenant, task and options, without the delay. It is validated and admitted like
 * any submit, and its metadata name the job that it was made of (`rerun_of`).
 * @throws RequestError why it is refused
 */
export async function rerun(
  needs: ActNeeds,
  { cell, tenant, job }: FoundInCell,
  { input, metadata }: Change,
  requestId: string,
): Promise<Job> {
  const text = await cell.journal.requestText(job.id);
  if (text === null) throw jobNotFound(job.id);
  const { delay_ms: _, ...before } = JSON.parse(text) as SubmitRequest;
  const value = { ...before, input, metadata: { ...(metadata ?? before.metadata), rerun_of: job.id } } as JsonObject;
  const body = { text: JSON.stringify(value), value };
  const owner: JobOwner = { tenant, tasks: null };
  const outcome = await submitOrReplay(
    needs,
    newJobOf(needs, { owner, key: null, body, requestId, trace: null }),
    body,
  );
  if (outcome.kind === 'refused') throw outcome.refusal;
  return outcome.found.job;
}
