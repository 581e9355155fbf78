/** Stage 5 of 6: journals in Redis, written once, read by everyone. */
export * from './attach.ts';
export { type AttemptEnd, AttemptWriter, type Ended, type FieldChanges, JournalRefusal } from './attempt-writer.ts';
export * from './call-record.ts';
export type { Claim } from './claim.ts';
export { FlushClock } from './flush-clock.ts';
export * from './journal.ts';
export * from './leader.ts';
export * from './list-jobs.ts';
export { LiveFeed } from './live-feed.ts';
export * from './log-events.ts';
export { type Admission, isSentAtOnce, type NewJob } from './new-job.ts';
export { startPacking } from './pack-jobs.ts';
export { readText } from './read-text.ts';
export type { LargeAnswer, OwnedJob, OwnedSummary } from './record.ts';
export * from './wait-for-end.ts';
