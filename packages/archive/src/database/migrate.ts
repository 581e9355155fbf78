/**
 * Brings the schema up to date.
 *
 *   1. waits for the lock: of several processes that start together, one migrates
 *   2. refuses a database in another encoding than UTF-8, and a schema that a newer version has made
 *   3. applies the steps that `holdfast_migrations` lacks
 *
 * All in one transaction: a crash leaves the schema as it was.
 */
import { MisconfigurationError } from '@holdfast/core';
import type { PoolClient } from 'pg';
import { migrations } from './migrations.ts';

/** Any number that no other program locks in the same database: "holdfast" as bytes. */
const LOCK = '7525352680829580148';
const newest = Math.max(...migrations.map(({ version }) => version));

/** @throws MisconfigurationError `archive_schema_unknown`, `archive_encoding`; what PostgreSQL throws */
export async function migrate(client: PoolClient): Promise<void> {
  await client.query('BEGIN');
  await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
  await checkEncoding(client);
  const version = await versionOf(client);
  if (version > newest) {
    throw new MisconfigurationError(
      'archive_schema_unknown',
      `ARCHIVE_URL: the archive has schema ${version}; this version of Holdfast knows ${newest}. Start the newer version of ` +
        'Holdfast that made it, or set ARCHIVE_URL to another database.',
    );
  }
  for (const migration of migrations.filter((one) => one.version > version)) {
    await client.query(migration.sql);
    const { version: applied, name } = migration;
    await client.query('INSERT INTO holdfast_migrations (version, name) VALUES ($1, $2)', [applied, name]);
  }
  await client.query('COMMIT');
}

async function checkEncoding(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ server_encoding: string }>('SHOW server_encoding');
  const encoding = rows[0]?.server_encoding;
  if (encoding === 'UTF8') return;
  throw new MisconfigurationError(
    'archive_encoding',
    `ARCHIVE_URL: the database has the encoding ${encoding}. Create one with ENCODING 'UTF8'.`,
  );
}

/** The newest step that was applied; 0: none. Makes the table of steps where it is missing. */
async function versionOf(client: PoolClient): Promise<number> {
  // Not IF NOT EXISTS: that needs the right to create, also where there is nothing to create.
  const { rows: tables } = await client.query<{ found: string | null }>(
    `SELECT to_regclass('holdfast_migrations')::text AS found`,
  );
  if (tables[0]?.found == null) {
    await client.query(
      'CREATE TABLE holdfast_migrations ' +
        '(version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())',
    );
    return 0;
  }
  const { rows } = await client.query<{ version: number | null }>(
    'SELECT max(version) AS version FROM holdfast_migrations',
  );
  return rows[0]?.version ?? 0;
}
