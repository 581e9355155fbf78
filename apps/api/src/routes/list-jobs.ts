/**
 * `GET /v1/jobs`: the tenant's jobs (of the tasks that the API key is limited to), newest first; or the one job that an idempotency
 * key names.
 */
import {
  type Caller,
  type JobList,
  type JobSummary,
  jobIdFor,
  jobStatuses,
  parseIdempotencyKey,
  validationError,
} from '@holdfast/core';
import { mayUse, type TenantCells } from '@holdfast/jobs';
import { type Journal, listJobs as readJobs } from '@holdfast/journal';
import type { Request } from '@holdfast/service/http';
import { z } from 'zod';
import type { CallerHandler } from '../access/authenticate.ts';
import { sendJson } from '../http/send-json.ts';

/** Query parameters, except `metadata.<name>`, whose names are the client's. */
export const listQuerySchema = z.strictObject({
  status: z.enum(jobStatuses).optional(),
  task: z.string().max(128).optional(),
  limit: z.coerce.number('a number').int().min(1).max(100).default(20),
  cursor: z.string().max(200).optional().meta({ description: '`next_cursor` of the page before.' }),
  idempotency_key: z.string().optional().meta({ description: 'The one job that this key names, or none.' }),
});

interface ListQuery extends z.output<typeof listQuerySchema> {
  metadata: Record<string, string>;
}

export function listJobs({ cells }: { cells: TenantCells<'journal'> }): CallerHandler {
  return async (request, response, caller) => {
    const query = validateQuery(request);
    const { journal } = cells.of(caller.tenant);
    const key = query.idempotency_key;
    const page = key === undefined ? await readPage(journal, caller, query) : await findByKey(journal, caller, key);
    sendJson(response, 200, page);
  };
}

function validateQuery(request: Request): ListQuery {
  const { metadata, rest } = splitQuery(request);
  const query = listQuerySchema.safeParse(rest);
  if (!query.success) throw validationError(query.error);
  return { ...query.data, metadata };
}

/** Built from entries, not by assignment: a parameter may be named `__proto__`. */
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

function readPage(
  journal: Journal,
  { tenant, tasks }: Caller,
  { status, task, metadata, limit, cursor }: ListQuery,
): Promise<JobList> {
  return readJobs(journal, { tenant, filter: { status, task, onlyTasks: tasks, metadata }, limit, cursor });
}

async function findByKey(journal: Journal, caller: Caller, key: string): Promise<JobList> {
  const found = await journal.find(jobIdFor(caller.tenant, parseIdempotencyKey(key, 'idempotency_key')));
  const data: JobSummary[] = found && mayUse(caller, found.job.task) ? [found.job] : [];
  return { object: 'list', data, has_more: false, next_cursor: null };
}
