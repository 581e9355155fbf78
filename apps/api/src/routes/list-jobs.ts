/** `GET /v1/jobs`: the tenant's jobs (of the tasks that the key is limited to), newest first; or the one that an idempotency key names. */
import { type Caller, type JobList, type JobSummary, jobIdFor, jobStatuses, parseIdempotencyKey } from '@holdfast/core';
import { listJobs as readJobs } from '@holdfast/journal';
import { type Request, type Response, validationError } from '@holdfast/service';
import { z } from 'zod';
import { mayUse } from '../access/own-job.ts';
import { sendJson } from '../http/send-job.ts';
import type { ApiParts } from '../parts.ts';

/** Query parameters, but for `metadata.<name>`, which may be any. */
export const listQuerySchema = z.strictObject({
  status: z.enum(jobStatuses).optional(),
  task: z.string().max(128).optional(),
  limit: z.coerce.number('a number').int().min(1).max(100).default(20),
  cursor: z.string().max(200).optional().meta({ description: '`next_cursor` of the page before.' }),
  idempotency_key: z.string().optional().meta({ description: 'The one job that this key names, or none.' }),
});

export async function listJobs(parts: ApiParts, request: Request, response: Response, caller: Caller): Promise<void> {
  const { metadata, rest } = splitQuery(request);
  const query = listQuerySchema.safeParse(rest);
  if (!query.success) throw validationError(query.error);
  const { idempotency_key: key, status, task, limit, cursor } = query.data;
  if (key !== undefined) return sendJson(response, 200, await findByKey(parts, caller, key));
  const page = await readJobs(parts.cells.of(caller.tenant).journal, {
    tenant: caller.tenant,
    filter: { status, task, onlyTasks: caller.tasks, metadata },
    limit,
    cursor,
  });
  sendJson(response, 200, page);
}

/** From entries, not by assignment: a parameter may be named `__proto__`. */
function splitQuery(request: Request) {
  const filters: [string, string][] = [];
  const rest: [string, unknown][] = [];
  for (const [name, value] of Object.entries(request.query)) {
    if (name.startsWith('metadata.') && typeof value === 'string')
      filters.push([name.slice('metadata.'.length), value]);
    else rest.push([name, value]);
  }
  return { metadata: Object.fromEntries(filters), rest: Object.fromEntries(rest) };
}

async function findByKey({ cells }: ApiParts, caller: Caller, key: string): Promise<JobList> {
  const { journal } = cells.of(caller.tenant);
  const found = await journal.find(jobIdFor(caller.tenant, parseIdempotencyKey(key, 'idempotency_key')));
  const data: JobSummary[] = found && mayUse(caller, found.job.task) ? [found.job] : [];
  return { object: 'list', data, has_more: false, next_cursor: null };
}
