/** Deletes jobs that are too old, in batches that no reader has to wait for. */
import type { ArchiveDatabase } from '../database/archive-database.ts';

const BATCH = 1_000;
const STATEMENT_TIMEOUT_MS = 30_000;

const deleteBatch = `
DELETE FROM holdfast_jobs WHERE prefix = $1 AND id IN (
  SELECT id FROM holdfast_jobs WHERE prefix = $1 AND finished_at < $2 ORDER BY finished_at LIMIT ${BATCH}
) RETURNING id`;

/**
 * Deletes jobs that ended before a time.
 * @param maxBatches each is at most 1,000 jobs; what is left comes with the next call
 * @returns how many were deleted
 */
export async function deleteOld(database: ArchiveDatabase, before: Date, maxBatches = 20): Promise<number> {
  let deleted = 0;
  for (let batch = 0; batch < maxBatches; batch += 1) {
    const rows = await database.transaction({ statementTimeoutMs: STATEMENT_TIMEOUT_MS }, (transaction) =>
      transaction.query(deleteBatch, [database.prefix, before]),
    );
    deleted += rows.length;
    if (rows.length < BATCH) break;
  }
  return deleted;
}
