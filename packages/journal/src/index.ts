/** Stage 5 of 6: journals in Redis, written once, read by everyone. */
export * from './attach.ts';
export { AttemptWriter, type FieldChanges, JournalRefusal } from './attempt-writer.ts';
export * from './call-record.ts';
export type { Claim, LeftResponse } from './claim.ts';
export { FlushClock } from './flush-clock.ts';
export * from './journal.ts';
export { controlChannel } from './keys.ts';
export * from './leader.ts';
export * from './list-jobs.ts';
export { LiveFeed } from './live-feed.ts';
export * from './log-events.ts';
export * from './open-jobs.ts';
export { readText } from './read-text.ts';
export type { OwnedJob } from './record.ts';
export { type RunCost, readRunCost } from './run-cost.ts';
export * from './wait-for-end.ts';
