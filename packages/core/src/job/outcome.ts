import type { AttemptError } from '../error.ts';

/**
 * How an attempt can end: a closed set. One switch over it, in the worker, decides how BullMQ is answered.
 *
 *   completed, failed, cancelled   the job's end is in the journal
 *   retry      `attempt.failed` is in the journal, and the job waits for its next attempt under a new release
 *   deferred   nothing was tried, because the worker is stopping or a limit is reached. The job waits under a new release, and no
 *              failure is counted
 *   again      a failover has rolled back the attempt's writes, and perhaps its claim: the same release runs again
 *   ended      the job had ended before this attempt could begin
 *   lost       a later attempt has fenced this one off, or the journal is gone: nothing more may be written
 *
 * `unblocked`: other lanes in which the job's tenant may run more jobs than before.
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
