/**
 * The archive: ended jobs in PostgreSQL, where they outlive the retention of Redis. The only package that imports `pg`. It knows
 * nothing of Redis: the archiver of the workers hands it what to write, and the console reads.
 */
export { ArchiveDatabase, type ArchiveOptions } from './database/archive-database.ts';
export { type FailureGroup, type FailuresQuery, failuresOf } from './read/failures.ts';
export { type ArchivedContent, type ArchivedJob, getContent, getJob } from './read/get-job.ts';
export { type ArchiveFilter, type ArchivePage, search } from './read/search.ts';
export { type ArchiveUsage, type UsageQuery, usageOf } from './read/usage.ts';
export { deleteOld } from './write/delete-old.ts';
export { forget } from './write/forget.ts';
export { type ArchiveChanges, type EndedJob, type WrittenChanges, writeChanges } from './write/write-changes.ts';
