import type { AttemptError } from '../error.ts';

/**
 * How an attempt can end: a closed set. The worker's one switch over it decides what BullMQ is told.
 *
 *   completed, failed, cancelled   the journal has the job's end
 *   retry      the journal has `attempt.failed`, and the job waits for its next attempt under a new release
 *   deferred   nothing was tried (the worker is stopping, a limit is reached); counts as no failure; likewise
 *   again      a failover has undone what the attempt wrote, and perhaps its claim: the same release is to run again
 *   ended      the job had ended before this attempt could begin
 *   lost       another attempt has taken over, or the journal is gone: nothing more may be written
 *
 * `unblocked`: other lanes in which the job's tenant may run more than before.
 */
export type Outcome =
  | { kind: 'completed'; unblocked: string[] }
  | { kind: 'failed'; error: AttemptError; unblocked: string[] }
  | { kind: 'cancelled'; unblocked: string[] }
  | { kind: 'retry'; error: AttemptError; delayMs: number; unblocked: string[] }
  | { kind: 'deferred'; delayMs: number; unblocked: string[] }
  | { kind: 'again' }
  | { kind: 'ended' }
  | { kind: 'lost' };
