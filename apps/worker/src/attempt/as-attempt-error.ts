/** What goes wrong in an attempt, as the job's client is told of it. */
import { AttemptError } from '@holdfast/core';
import { JournalRefusal } from '@holdfast/journal';
import type { Attempt } from './run-attempt.ts';

/** Whatever isn't an error on purpose is one of our own: logged, and shown without its message. @throws JournalRefusal */
export function asAttemptError({ claim, logger }: Pick<Attempt, 'claim' | 'logger'>, error: unknown): AttemptError {
  if (error instanceof JournalRefusal) throw error;
  if (error instanceof AttemptError) return error;
  logger.error({ jobId: claim.jobId, attempt: claim.attempt, error }, 'attempt broke');
  return new AttemptError('internal_error', 'The worker met an error of its own.', { cause: error });
}
