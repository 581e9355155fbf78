/** What jobs have used, by day or hour of their end (UTC). Of a job that was retried, its newest run counts. */
import type { ArchiveDatabase } from '../database/archive-database.ts';
import { read } from './read.ts';

export interface UsageQuery {
  /** Default: all tenants. */
  tenant?: string;
  /** Jobs that ended from this time on, and before `to`. */
  from: Date;
  to: Date;
  by: 'day' | 'hour';
  group: 'tenant' | 'task' | 'lane';
}

export interface ArchiveUsage {
  /** When the day or hour begins. */
  at: Date;
  /** Of the tenant, task or lane. */
  name: string;
  jobs: number;
  failed: number;
  calls: number;
  /** As providers have counted them; copied answers have none. */
  inputTokens: number;
  outputTokens: number;
  /** US dollars with nine digits after the point, exact. */
  cost: string;
  /** What copied answers would have cost, likewise. */
  avoided: string;
}

/** More rows than anybody reads. */
const MAX_ROWS = 10_000;

interface UsageRow {
  at: Date;
  name: string;
  jobs: string;
  failed: string;
  calls: string;
  input_tokens: string;
  output_tokens: string;
  cost: string;
  avoided: string;
}

/** Oldest first, within a day or hour the dearest first; at most 10,000 rows. */
export async function usageOf(database: ArchiveDatabase, query: UsageQuery): Promise<ArchiveUsage[]> {
  const { tenant = null, from, to, by, group } = query;
  const text = `
SELECT date_trunc($2, finished_at, 'UTC') AS at, ${group} AS name, count(*) AS jobs,
  count(*) FILTER (WHERE status = 'failed') AS failed,
  coalesce(sum(provider_calls), 0) AS calls,
  coalesce(sum(input_tokens) FILTER (WHERE NOT cached), 0) AS input_tokens,
  coalesce(sum(output_tokens) FILTER (WHERE NOT cached), 0) AS output_tokens,
  coalesce(sum(cost), 0)::numeric(40, 9) AS cost,
  sum(avoided)::numeric(40, 9) AS avoided
FROM holdfast_jobs
WHERE prefix = $1 AND finished_at >= $3 AND finished_at < $4 AND ($5::text IS NULL OR tenant = $5)
GROUP BY 1, 2 ORDER BY 1, coalesce(sum(cost), 0) DESC, 2 LIMIT ${MAX_ROWS}`;
  const rows = await read<UsageRow>(database, text, [database.prefix, by, from, to, tenant]);
  return rows.map(({ input_tokens: input, output_tokens: output, ...row }) => ({
    at: row.at,
    name: row.name,
    jobs: Number(row.jobs),
    failed: Number(row.failed),
    calls: Number(row.calls),
    inputTokens: Number(input),
    outputTokens: Number(output),
    cost: row.cost,
    avoided: row.avoided,
  }));
}
