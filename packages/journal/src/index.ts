/** Stage 5 of 6: journals in Redis, each with one writer and any number of readers. */

export { ArchiveOutbox, type OutboxEntry } from './archive-outbox.ts';
export type { CallsSoFar, Claim } from './claim.ts';
export * from './journal.ts';
export * from './leader.ts';
export { type Admission, isSentAtOnce, type NewJob } from './new-job.ts';
export { startPacking } from './pack/pack-jobs.ts';
export * from './read/attach.ts';
export { subscribeToCancels } from './read/cancel-requests.ts';
export { type ListQuery, listJobs } from './read/list-jobs.ts';
export { LiveFeed } from './read/live-feed.ts';
export * from './read/log-events.ts';
export * from './read/read-job.ts';
export { readText } from './read/read-text.ts';
export * from './read/read-timeline.ts';
export * from './read/search-jobs.ts';
export * from './read/wait-for-end.ts';
export type { EndedRun, LargeAnswer, OwnedJob, OwnedSummary } from './record.ts';
export { type AttemptEnd, type Ended, type FieldChanges, JournalRefusal } from './write/append.ts';
export { AttemptWriter } from './write/attempt-writer.ts';
export * from './write/call-record.ts';
export { FlushClock } from './write/flush-clock.ts';
export { claimLeftovers, dropLeftovers } from './write/leftovers.ts';
export * from './write/timeline-fields.ts';
