/** Deletes a job from the archive, with prompt and answer. */
import type { ArchiveDatabase } from '../database/archive-database.ts';
import { lock } from './lock.ts';

const STATEMENT_TIMEOUT_MS = 30_000;

/**
 * Deletes the job, whether Redis still has it or not. Delete it in Redis first, if it is there: else it is archived again after its
 * next end. When it resolves, no batch that was read before brings it back. Safe to repeat.
 * @param cell the cell of its tenant
 * @returns whether it was in the archive
 */
export function forget(database: ArchiveDatabase, cell: string, id: string): Promise<boolean> {
  return database.transaction({ statementTimeoutMs: STATEMENT_TIMEOUT_MS }, async (transaction) => {
    await lock(transaction, database.prefix, cell);
    const deleted = await transaction.query('DELETE FROM holdfast_jobs WHERE prefix = $1 AND id = $2 RETURNING id', [
      database.prefix,
      id,
    ]);
    return deleted.length > 0;
  });
}
