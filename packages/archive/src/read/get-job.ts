/** A single job of the archive. */
import type { JobSummary, JsonValue, TraceContext } from '@holdfast/core';
import type { ArchiveDatabase } from '../database/archive-database.ts';
import { jobOf, type StoredRow, summaryColumns } from '../row.ts';
import { read } from './read.ts';

export interface ArchivedJob {
  tenant: string;
  job: JobSummary;
  /** The span that submitted it; null: it has no trace. */
  trace: TraceContext | null;
}

export interface ArchivedContent {
  /** JSON as text; null: contents were not archived (`ARCHIVE_CONTENT`), or there is none. */
  request: string | null;
  output: string | null;
}

/** The job with its attempts and calls (null: not known); null: it isn't in the archive. */
export async function getJob(
  database: ArchiveDatabase,
  id: string,
): Promise<(ArchivedJob & { timeline: JsonValue }) | null> {
  const text = `SELECT ${summaryColumns}, timeline FROM holdfast_jobs WHERE prefix = $1 AND id = $2`;
  const [row] = await read<StoredRow & { timeline: JsonValue }>(database, text, [database.prefix, id]);
  return row ? { tenant: row.tenant, job: jobOf(row), trace: row.trace, timeline: row.timeline } : null;
}

/** Prompt and answer; null: the job isn't in the archive. */
export async function getContent(database: ArchiveDatabase, id: string): Promise<ArchivedContent | null> {
  const text = 'SELECT request, output FROM holdfast_jobs WHERE prefix = $1 AND id = $2';
  const [row] = await read<{ request: string | null; output: string | null }>(database, text, [database.prefix, id]);
  return row ?? null;
}
