/** A PostgreSQL for the archive, in development and tests: found on the machine, ended with the process that started it. */
export { findOrInstallPostgres } from './find-postgres.ts';
export { postgresUser, type StartedPostgres, startPostgres } from './start-postgres.ts';
