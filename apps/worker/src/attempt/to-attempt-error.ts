/** What goes wrong in an attempt, as the job's client sees it. */
import { AttemptError, type Logger } from '@holdfast/core';
import { type Claim, JournalRefusal } from '@holdfast/journal';

interface Context {
  claim: Pick<Claim, 'jobId' | 'attempt'>;
  logger: Logger;
}

/**
 * Anything but an AttemptError is a fault of our own: it is logged, and shown without its message.
 * @throws JournalRefusal
 */
export function toAttemptError({ claim, logger }: Context, error: unknown): AttemptError {
  if (error instanceof JournalRefusal) throw error;
  if (error instanceof AttemptError) return error;
  logger.error({ jobId: claim.jobId, attempt: claim.attempt, error }, 'attempt failed by a fault of the worker');
  return new AttemptError('internal_error', 'The worker met an error of its own.', { cause: error });
}
