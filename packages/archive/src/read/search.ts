/** Lists jobs by what they have in common, newest first. */
import { type EndedStatus, RequestError } from '@holdfast/core';
import type { ArchiveDatabase } from '../database/archive-database.ts';
import { jobOf, type StoredRow, summaryColumns } from '../row.ts';
import type { ArchivedJob } from './get-job.ts';
import { read } from './read.ts';

/** What is left out doesn't count. A job is found by its idempotency key as well: its id is made of tenant and key (`jobIdFor`). */
export interface ArchiveFilter {
  id?: string;
  tenant?: string;
  task?: string;
  lane?: string;
  status?: EndedStatus;
  errorCode?: string;
  /** Pairs that the job has, among others. */
  metadata?: Readonly<Record<string, string>>;
  /** Created at this time or later. */
  createdFrom?: Date;
  /** Created before this time. */
  createdTo?: Date;
}

export interface ArchivePage {
  jobs: ArchivedJob[];
  /** Give it to `search` for the next page; null: this is the last one. */
  nextCursor: string | null;
}

/** Each with the values that it compares, one for each `?`. */
type Condition = [text: string, ...values: unknown[]];

/**
 * One page. It is read by index, whichever filter is set; the cost grows with the jobs that fit one filter and not the others.
 * @param cursor `nextCursor` of the page before; null: the first page
 * @throws RequestError `invalid_cursor`; what `read` throws
 */
export async function search(
  database: ArchiveDatabase,
  filter: ArchiveFilter,
  { cursor = null, limit = 50 }: { cursor?: string | null; limit?: number } = {},
): Promise<ArchivePage> {
  const conditions = [['prefix = ?', database.prefix] as Condition, ...conditionsOf(filter)];
  if (cursor !== null) conditions.push(['(created_at, id) < (?, ?)', ...decodeCursor(cursor)]);
  const values = [...conditions.flatMap(([, ...given]) => given), limit + 1];
  let number = 0;
  const where = conditions.map(([text]) => text.replaceAll('?', () => `$${++number}`)).join(' AND ');
  const order = `ORDER BY created_at DESC, id DESC LIMIT $${values.length}`;
  const text = `SELECT ${summaryColumns} FROM holdfast_jobs WHERE ${where} ${order}`;
  const rows = await read<StoredRow>(database, text, values);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    jobs: page.map((row) => ({ tenant: row.tenant, job: jobOf(row), trace: row.trace })),
    nextCursor: rows.length > limit && last ? encodeCursor(last) : null,
  };
}

function conditionsOf(filter: ArchiveFilter): Condition[] {
  const { id, tenant, task, lane, status, errorCode, metadata, createdFrom, createdTo } = filter;
  const conditions: Condition[] = [
    ['id = ?', id],
    ['tenant = ?', tenant],
    ['task = ?', task],
    ['lane = ?', lane],
    ['status = ?', status],
    ['error_code = ?', errorCode],
    ['metadata @> ?::jsonb', metadata && JSON.stringify(metadata)],
    ['created_at >= ?', createdFrom],
    ['created_at < ?', createdTo],
  ];
  return conditions.filter(([, value]) => value !== undefined);
}

function encodeCursor({ created_at: createdAt, id }: StoredRow): string {
  return Buffer.from(`${createdAt.getTime()}.${id}`, 'latin1').toString('base64url');
}

function decodeCursor(cursor: string): [Date, string] {
  const [, ms, id] = /^(\d{1,15})\.([\w-]{1,64})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (ms === undefined || id === undefined) {
    throw new RequestError('invalid_cursor', 'Expected the `next_cursor` of a page of jobs.', { param: 'cursor' });
  }
  return [new Date(Number(ms)), id];
}
