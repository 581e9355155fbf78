/** What errors of PostgreSQL mean, by their SQLSTATE (PostgreSQL's manual, appendix A). */
import { MisconfigurationError } from '@holdfast/core';

/** The SQLSTATE of an error that PostgreSQL has answered with; '': it has not answered. */
function sqlStateOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^[0-9A-Z]{5}$/.test(code) ? code : '';
}

const refusals: Readonly<Record<string, string>> = {
  '28P01': 'PostgreSQL refuses the user or the password. Correct ARCHIVE_URL.',
  '28000': 'PostgreSQL refuses this user from here. Correct ARCHIVE_URL, or pg_hba.conf of the server.',
  '3D000': 'PostgreSQL has no such database. Create it, or correct ARCHIVE_URL.',
  '42501':
    'The user has not the rights. Let it create tables in its schema, or own the tables that begin with holdfast_.',
  '3F000': 'There is no schema to create tables in. Create one, and put it into the search_path of the user.',
};

/** What only an operator can mend; null: it may be over by itself. */
export function refusalOf(error: unknown): MisconfigurationError | null {
  const refusal = refusals[sqlStateOf(error)];
  return refusal === undefined
    ? null
    : new MisconfigurationError('archive_refused', `ARCHIVE_URL: ${refusal}`, { cause: error });
}

/** Whether PostgreSQL refuses the values of a row: 22 data exception, 23 constraint, 54 a limit of the program. */
export function isRowRefused(error: unknown): boolean {
  return ['22', '23', '54'].includes(sqlStateOf(error).slice(0, 2));
}

export function isTableMissing(error: unknown): boolean {
  return sqlStateOf(error) === '42P01';
}
