/** Why jobs have failed: groups of failures that have the same code, lane and provider. */
import type { ArchiveDatabase } from '../database/archive-database.ts';
import { read } from './read.ts';

export interface FailuresQuery {
  /** Jobs that ended from this time on, and before `to`. */
  from: Date;
  to: Date;
}

export interface FailureGroup {
  code: string;
  lane: string;
  /** null: the failure was no provider's. */
  provider: string | null;
  count: number;
  /** The newest five, newest first. */
  newest: { id: string; tenant: string; task: string; finishedAt: Date; message: string }[];
}

const MAX_GROUPS = 100;
const EXAMPLES = 5;

const text = `
WITH failed AS (
  SELECT error_code AS code, lane, error ->> 'provider' AS provider, id, tenant, task, finished_at, error ->> 'message' AS message,
    count(*) OVER same AS count, row_number() OVER (same ORDER BY finished_at DESC, id) AS number
  FROM holdfast_jobs
  WHERE prefix = $1 AND error_code IS NOT NULL AND finished_at >= $2 AND finished_at < $3
  WINDOW same AS (PARTITION BY error_code, lane, error ->> 'provider')
)
SELECT * FROM failed WHERE number <= ${EXAMPLES} ORDER BY count DESC, code, lane, provider, number
LIMIT ${MAX_GROUPS * EXAMPLES}`;

interface FailedRow {
  code: string;
  lane: string;
  provider: string | null;
  id: string;
  tenant: string;
  task: string;
  finished_at: Date;
  message: string;
  count: string;
  number: string;
}

/** The groups with most failures first. */
export async function failuresOf(database: ArchiveDatabase, { from, to }: FailuresQuery): Promise<FailureGroup[]> {
  const rows = await read<FailedRow>(database, text, [database.prefix, from, to]);
  const groups: FailureGroup[] = [];
  for (const { code, lane, provider, count, number, finished_at: finishedAt, ...rest } of rows) {
    if (number === '1') groups.push({ code, lane, provider, count: Number(count), newest: [] });
    const { id, tenant, task, message } = rest;
    groups.at(-1)?.newest.push({ id, tenant, task, finishedAt, message });
  }
  return groups;
}
