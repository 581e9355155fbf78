/**
 * Writes a batch of ended and deleted jobs in one transaction. To write the same batch again changes nothing, so the archiver may
 * repeat what it isn't sure of.
 */
import type { ArchiveDatabase, Transaction } from '../database/archive-database.ts';
import { isRowRefused } from '../database/errors.ts';
import { columns, type EndedJob, type NewRow, rowOf } from '../row.ts';
import { tryLock } from './lock.ts';

export type { EndedJob } from '../row.ts';

export interface ArchiveChanges {
  ended: readonly EndedJob[];
  /** Ids of jobs to forget. They are forgotten before `ended` is written: a deleted job's key may name a new one. */
  deleted: readonly string[];
}

export interface WrittenChanges {
  written: number;
  forgotten: number;
  /** Jobs that PostgreSQL refuses whatever is done, and why. They are not in the archive. */
  refused: { id: string; reason: string }[];
}

const STATEMENT_TIMEOUT_MS = 60_000;

const names = columns.join(', ');
const changes = columns
  .filter((name) => name !== 'prefix' && name !== 'id')
  .map((name) => `${name} = excluded.${name}`);

/** A job that was retried has one row: its newest run. */
const upsert = `
INSERT INTO holdfast_jobs (${names}) SELECT ${names} FROM json_populate_recordset(NULL::holdfast_jobs, $1::json)
ON CONFLICT (prefix, id) DO UPDATE SET ${changes.join(', ')}`;

/**
 * Reads a batch with `read`, and writes it. Between the two no other process changes jobs of the cell.
 * When it resolves, the batch is as durable as PostgreSQL is; after an error nothing of it was written, unless the connection broke
 * during the commit.
 * @returns null: another process is writing; `read` was not called
 */
export function writeChanges(
  database: ArchiveDatabase,
  cell: string,
  read: () => Promise<ArchiveChanges>,
): Promise<WrittenChanges | null> {
  const { prefix } = database;
  return database.transaction({ statementTimeoutMs: STATEMENT_TIMEOUT_MS }, async (transaction) => {
    if (!(await tryLock(transaction, prefix, cell))) return null;
    const { ended, deleted } = await read();
    const forgotten = await forgetAll(transaction, prefix, deleted);
    const rows = ended.map((job) => rowOf(prefix, job));
    const refused = await writeRows(transaction, rows);
    return { written: rows.length - refused.length, forgotten, refused };
  });
}

async function forgetAll(transaction: Transaction, prefix: string, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const text = 'DELETE FROM holdfast_jobs WHERE prefix = $1 AND id = ANY($2) RETURNING id';
  return (await transaction.query(text, [prefix, ids])).length;
}

/** All rows at once; where that is refused, one by one: a row that can't be written must not keep out the others. */
async function writeRows(transaction: Transaction, rows: readonly NewRow[]): Promise<WrittenChanges['refused']> {
  if (rows.length === 0) return [];
  if ((await refusalOfRows(transaction, rows)) === null) return [];
  const refused: WrittenChanges['refused'] = [];
  for (const row of rows) {
    const reason = await refusalOfRows(transaction, [row]);
    if (reason !== null) refused.push({ id: String(row.id), reason });
  }
  return refused;
}

/** Writes the rows. @returns why PostgreSQL refuses them; null: they are written. Throws every other error */
async function refusalOfRows(transaction: Transaction, rows: readonly NewRow[]): Promise<string | null> {
  await transaction.query('SAVEPOINT rows');
  try {
    await transaction.query(upsert, [JSON.stringify(rows)]);
    await transaction.query('RELEASE SAVEPOINT rows');
    return null;
  } catch (error) {
    if (!isRowRefused(error)) throw error;
    await transaction.query('ROLLBACK TO SAVEPOINT rows');
    return (error as Error).message;
  }
}
