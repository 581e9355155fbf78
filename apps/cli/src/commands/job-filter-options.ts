/** Options that say which jobs of all tenants are meant, and what the admin API gets for them. */
import type { JobFilter, RequestOf } from '@holdfast/admin';
import { type JobStatus, jobStatuses } from '@holdfast/core';
import { Option } from 'commander';
import { filledText, oneMorePair, pointInTime } from './option-parsers.ts';

export interface JobFilterOptions {
  tenant?: string;
  task?: string;
  lane?: string;
  status?: JobStatus;
  errorCode?: string;
  metadata?: Record<string, string>;
  since?: string;
  until?: string;
}

const text = (flags: string, description: string) => new Option(flags, description).argParser(filledText);

export const jobFilterOptions = [
  text('--tenant <tenant>', 'only jobs of this tenant'),
  text('--task <name>', 'only jobs of this task'),
  text('--lane <lane>', 'only jobs in this lane'),
  new Option('--status <status>', 'only these').choices(jobStatuses),
  text('--error-code <code>', 'only jobs that failed with this error'),
  new Option('--metadata <name=value>', 'only jobs with this pair; can be repeated').argParser(oneMorePair),
  new Option('--since <time>', 'created then or later: 90m, 24h, 7d ago, or 2026-11-28T10:00:00Z').argParser(
    pointInTime,
  ),
  new Option('--until <time>', 'created then or before').argParser(pointInTime),
];

/** null: no option narrows it down. */
export function jobFilterOf(options: JobFilterOptions): JobFilter | null {
  const { tenant, task, lane, status, errorCode, metadata, since, until } = options;
  const times = { created_from: since, created_to: until };
  const filter = { tenant, task, lane, status, error_code: errorCode, metadata, ...times };
  return Object.values(filter).every((value) => value === undefined) ? null : filter;
}

/** The same as a query for one page, or for the job of an idempotency key. Members that are undefined are left out. */
export function jobQueryOf(
  options: JobFilterOptions,
  page: { key?: string | undefined; limit?: number | undefined; cursor?: string | undefined },
): NonNullable<RequestOf<'searchJobs'>['query']> {
  const { metadata = {}, ...filter } = jobFilterOf(options) ?? {};
  const { key, limit, cursor } = page;
  const set = Object.entries({ ...filter, key, limit, cursor }).filter(([, value]) => value !== undefined);
  const pairs = Object.entries(metadata).map(([name, value]) => [`metadata.${name}`, value]);
  return Object.fromEntries([...set, ...pairs].map(([name, value]) => [name, String(value)]));
}
