/**
 * How an attempt that didn't complete ends. An order to stop comes before whatever error it caused:
 *
 *   overtaken    nothing may be written                 → lost
 *   cancelled    job.cancelled, the text so far kept    → cancelled
 *   deadline     job.failed deadline_exceeded           → failed
 *   draining     attempt.failed, due again at once      → deferred
 *   an error     attempt.failed, due after a delay      → retry
 *                or job.failed                          → failed
 */
import { AttemptError, type Outcome, retryDelayMs } from '@holdfast/core';
import { JournalRefusal } from '@holdfast/journal';
import type { Attempt, WorkerParts } from './run-attempt.ts';

export async function concludeAttempt(parts: WorkerParts, attempt: Attempt, error: unknown): Promise<Outcome> {
  try {
    switch (attempt.order.reason) {
      case 'overtaken':
        return { kind: 'lost' };
      case 'cancelled':
        return await cancelJob(attempt);
      case 'deadline':
        return await failJob(
          attempt,
          new AttemptError('deadline_exceeded', 'The job did not end before its deadline.'),
        );
      case 'draining':
        return await handBack(attempt);
      case null:
        return await retryOrFail(parts, attempt, asAttemptError(parts, attempt, error));
    }
  } catch (refusal) {
    if (refusal instanceof JournalRefusal) return { kind: 'lost' };
    throw refusal;
  }
}

function asAttemptError({ logger }: WorkerParts, { claim }: Attempt, error: unknown): AttemptError {
  if (error instanceof JournalRefusal) throw error;
  if (error instanceof AttemptError) return error;
  logger.error({ jobId: claim.jobId, attempt: claim.attempt, error }, 'attempt broke');
  return new AttemptError('internal_error', 'The worker met an error of its own.', { cause: error });
}

function keptText({ text }: Attempt) {
  return text === '' ? {} : { output_text: text };
}

async function cancelJob(attempt: Attempt): Promise<Outcome> {
  await attempt.writer.end('cancelled', 'job.cancelled', {}, keptText(attempt));
  return { kind: 'cancelled' };
}

async function failJob(attempt: Attempt, error: AttemptError): Promise<Outcome> {
  const shown = error.toJobError();
  const fields = { error: JSON.stringify(shown), ...keptText(attempt) };
  await attempt.writer.end('failed', 'job.failed', { error: shown }, fields);
  return { kind: 'failed', error };
}

async function retryOrFail(parts: WorkerParts, attempt: Attempt, error: AttemptError): Promise<Outcome> {
  const failures = attempt.claim.failures + 1;
  const delayMs = retryDelayMs(parts.retryPolicy, error, failures, parts.random());
  if (delayMs === null) return failJob(attempt, error);
  await requeue(attempt, error, delayMs, failures);
  return { kind: 'retry', error, delayMs };
}

/** The job is none the worse: it goes back to the queue and counts as no failure. */
async function handBack(attempt: Attempt): Promise<Outcome> {
  const error = new AttemptError('worker_stopped', 'The worker stopped; another goes on.', { retryable: true });
  await requeue(attempt, error, 0, attempt.claim.failures);
  return { kind: 'deferred', delayMs: 0 };
}

async function requeue({ writer }: Attempt, error: AttemptError, delayMs: number, failures: number): Promise<void> {
  const retryAt = Date.now() + delayMs;
  await writer.end(
    'queued',
    'attempt.failed',
    { error: error.toJobError(), retry_at: new Date(retryAt).toISOString() },
    { failures, retry_at: retryAt },
  );
}
