/**
 * The lock of the jobs of a cell. Whoever changes its rows holds it from before the first read of Redis until the commit. So two
 * processes don't overtake one another, not even if one was frozen in between, and no batch brings back a job that was just forgotten.
 */
import type { Transaction } from '../database/archive-database.ts';

/** Waits for the lock. It is held until the end of the transaction. */
export async function lock(transaction: Transaction, prefix: string, cell: string): Promise<void> {
  await transaction.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [nameOf(prefix, cell)]);
}

/** Takes the lock if nobody has it. @returns whether it is held now */
export async function tryLock(transaction: Transaction, prefix: string, cell: string): Promise<boolean> {
  const [row] = await transaction.query<{ locked: boolean }>(
    'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS locked',
    [nameOf(prefix, cell)],
  );
  return row?.locked === true;
}

function nameOf(prefix: string, cell: string): string {
  return `holdfast archive ${prefix} ${cell}`;
}
