import type { AttemptError } from './error.ts';
import type { Release } from './ports.ts';

/**
 * How an attempt can end: a closed set. The worker's one switch over it decides what BullMQ is told.
 *
 *   completed, failed, cancelled   the journal has the job's end
 *   retry      the journal has `attempt.failed` and the number of the next release, which is to be enqueued
 *   deferred   nothing was tried (the worker is stopping, a limit is reached); counts as no failure; likewise
 *   again      a failover has undone what the attempt wrote, and perhaps its claim: the same release is to run again
 *   ended      the job had ended before this attempt could begin
 *   lost       another attempt has taken over, or the journal is gone: nothing more may be written
 */
export type Outcome =
  | { kind: 'completed' }
  | { kind: 'failed'; error: AttemptError }
  | { kind: 'cancelled' }
  | { kind: 'retry'; error: AttemptError; next: Release }
  | { kind: 'deferred'; next: Release }
  | { kind: 'again' }
  | { kind: 'ended' }
  | { kind: 'lost' };
