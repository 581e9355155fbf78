/** The filter of the job list, as it stands in the address, as a query, and as a bulk action takes it. */
import type { JobFilter, RequestOf } from '@holdfast/admin';
import { type JobStatus, jobStatuses } from '@holdfast/core';
import { optionIn, type SearchParams } from '../../search-params.ts';

/** Filters that compare a text. `within` and `metadata.*` are beside them. */
export const textFilters = ['id', 'key', 'tenant', 'task', 'lane', 'error_code'] as const;
export type TextFilter = (typeof textFilters)[number];

export const withinOptions = ['1h', '24h', '7d'] as const;
export type Within = (typeof withinOptions)[number];
const secondsOf: Readonly<Record<Within, number>> = { '1h': 3_600, '24h': 86_400, '7d': 7 * 86_400 };
const times = ['created_from', 'created_to'] as const;

const METADATA = 'metadata.';
export const PAGE_SIZE = 50;

export const isMetadata = (name: string) => name.startsWith(METADATA) && name.length > METADATA.length;

export const metadataName = (name: string) => name.slice(METADATA.length);

export const metadataFilter = (name: string) => METADATA + name;

/** The members of the address that are a filter. Everything else, as the page's cursor, is left out. */
export function filterIn(search: SearchParams): SearchParams {
  const known = ['status', 'within', ...textFilters, ...times];
  const pairs = Object.entries(search).filter(
    ([name, value]) => value !== '' && (known.includes(name) || isMetadata(name)),
  );
  return Object.fromEntries(pairs.sort(([one], [other]) => one.localeCompare(other)));
}

/** Of a time that moves with the clock, where it begins: at a whole minute, so that one minute's searches are one. */
function createdFrom(within: Within | null, now: number): string | undefined {
  if (within === null) return undefined;
  return new Date((Math.floor(now / 60_000) * 60 - secondsOf[within]) * 1_000).toISOString();
}

function validTime(text: string | undefined): string | undefined {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

/** Members that are set. */
function compact<Value>(members: Record<string, Value | undefined>): Record<string, Value> {
  return Object.fromEntries(Object.entries(members).filter((pair): pair is [string, Value] => pair[1] !== undefined));
}

/** What the address asks for, as `bulk` takes it. `now` in ms. */
export function jobFilter(search: SearchParams, now: number): JobFilter {
  const metadata = Object.entries(search).filter(([name, value]) => isMetadata(name) && value !== '');
  const texts = textFilters.map((name): [string, string | undefined] => [name, search[name] || undefined]);
  return {
    ...compact(Object.fromEntries(texts)),
    ...compact({
      status: optionIn<JobStatus>(jobStatuses, search.status) ?? undefined,
      created_from: createdFrom(optionIn(withinOptions, search.within), now) ?? validTime(search.created_from),
      created_to: validTime(search.created_to),
    }),
    ...(metadata.length > 0
      ? { metadata: Object.fromEntries(metadata.map(([name, value]) => [metadataName(name), value])) }
      : {}),
  };
}

/** The same as a query. */
export function jobQuery(search: SearchParams, now: number): NonNullable<RequestOf<'searchJobs'>['query']> {
  const { metadata = {}, ...filter } = jobFilter(search, now);
  const pairs = Object.entries(metadata).map(([name, value]) => [metadataFilter(name), value]);
  return {
    ...filter,
    ...Object.fromEntries(pairs),
    limit: PAGE_SIZE,
    ...(search.cursor ? { cursor: search.cursor } : {}),
  };
}

/** What is wrong with the filter, in words; null: nothing. */
export function filterFault(search: SearchParams): string | null {
  if (search.key && !search.tenant) return 'An idempotency key belongs to a tenant: name the tenant too.';
  return null;
}
