import type { QueryResultRow } from 'pg';
import type { ArchiveDatabase } from '../database/archive-database.ts';

/** A reader waits for no more. */
const STATEMENT_TIMEOUT_MS = 10_000;

/** Rows of one statement. Throws what PostgreSQL and the connection throw, `MisconfigurationError` as `prepare` does. */
export function read<Row extends QueryResultRow>(
  database: ArchiveDatabase,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  const options = { statementTimeoutMs: STATEMENT_TIMEOUT_MS, readOnly: true };
  return database.transaction(options, (transaction) => transaction.query<Row>(text, values));
}
