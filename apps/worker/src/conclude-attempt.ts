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
import { type FieldChanges, JournalRefusal } from '@holdfast/journal';
import { endResponse } from './end-response.ts';
import type { Attempt, WorkerParts } from './run-attempt.ts';

export async function concludeAttempt(parts: WorkerParts, attempt: Attempt, error: unknown): Promise<Outcome> {
  try {
    switch (attempt.order.reason) {
      case 'overtaken':
        return { kind: 'lost' };
      case 'cancelled':
        return await cancelJob(parts, attempt);
      case 'deadline':
        return await missDeadline(parts, attempt);
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

async function cancelJob(parts: WorkerParts, attempt: Attempt): Promise<Outcome> {
  const stopped = stopPaying(parts, attempt);
  billBrokenOff(attempt);
  await attempt.writer.end('cancelled', 'job.cancelled', {}, { ...keptText(attempt), ...attempt.bill.fields });
  await stopped;
  return { kind: 'cancelled' };
}

async function missDeadline(parts: WorkerParts, attempt: Attempt): Promise<Outcome> {
  const stopped = stopPaying(parts, attempt);
  billBrokenOff(attempt);
  const error = new AttemptError('deadline_exceeded', 'The job did not end before its deadline.');
  const outcome = await failJob(attempt, error);
  await stopped;
  return outcome;
}

/** A call of its own ended with its connection; a response in the background has to be told. */
async function stopPaying({ logger }: WorkerParts, { lane, response }: Attempt): Promise<void> {
  if (response) await endResponse(lane?.provider, response.id, logger);
}

/** The call was stopped: it is paid up to there. What earlier attempts left open may be paid whole. */
function billBrokenOff({ bill, billed, called, text }: Attempt): void {
  if (billed && called) bill.breakOff(billed, text);
  else if (billed) bill.drop(billed);
  else bill.writeOffLeftOver();
}

/** What the call of a failed attempt may have cost, by the error that ended it. */
function billFailed({ bill, billed, called, response, text }: Attempt, error: AttemptError): void {
  if (!billed) bill.writeOffLeftOver();
  else if (!called || !(error.ambiguous || response)) bill.drop(billed);
  else if (text === '') bill.writeOff(billed);
  else bill.breakOff(billed, text);
}

async function failJob(attempt: Attempt, error: AttemptError): Promise<Outcome> {
  billFailed(attempt, error);
  const shown = error.toJobError();
  const fields = { error: JSON.stringify(shown), ...keptText(attempt), ...callAfter(attempt, error) };
  await attempt.writer.end('failed', 'job.failed', { error: shown }, fields);
  return { kind: 'failed', error };
}

async function retryOrFail(parts: WorkerParts, attempt: Attempt, error: AttemptError): Promise<Outcome> {
  const failures = attempt.claim.failures + 1;
  const delayMs = retryDelayMs(parts.retryPolicy, error, failures, parts.random());
  if (delayMs === null || (isPaidForNothing(attempt, error) && attempt.claim.request.on_ambiguous === 'fail')) {
    return failJob(attempt, error);
  }
  if (!staysOpen(attempt, error)) billFailed(attempt, error);
  await requeue(attempt, error, delayMs, { failures, ...callAfter(attempt, error) });
  return { kind: 'retry', error, delayMs };
}

/**
 * The job is none the worse: it goes back to the queue and counts as no failure. A response is left running for the next
 * attempt to take up; a call that had to be broken off stays open in the record, for the next attempt to judge.
 */
async function handBack(attempt: Attempt): Promise<Outcome> {
  const error = new AttemptError('worker_stopped', 'The worker stopped; another goes on.', { retryable: true });
  const open = attempt.called && !attempt.response;
  await requeue(attempt, error, 0, {
    call_open: open ? 1 : 0,
    ambiguous_calls: attempt.ambiguousCalls,
    ...attempt.bill.fields,
  });
  return { kind: 'deferred', delayMs: 0 };
}

/** The call may have been paid, and can neither be taken up nor repeated under its key. */
function isPaidForNothing({ called, response, lane }: Attempt, error: AttemptError): boolean {
  return called && error.ambiguous && (response !== null || !lane?.idempotent);
}

/** The next attempt can take the call up again, or repeat it under the same key: it is not paid twice. */
function staysOpen({ called, billed, response, lane }: Attempt, error: AttemptError): boolean {
  if (!called) return billed === null;
  return response ? !error.ambiguous : error.ambiguous && lane?.idempotent === true;
}

/** What the record keeps of the call, for the next attempt. */
function callAfter(attempt: Attempt, error: AttemptError): FieldChanges {
  const { claim, called, ambiguousCalls } = attempt;
  const ambiguous = ambiguousCalls + (isPaidForNothing(attempt, error) ? 1 : 0);
  const kept: FieldChanges = { call_open: 0, ambiguous_calls: ambiguous, ...attempt.bill.fields };
  // Then the provider must be able to know it again.
  if (!called || staysOpen(attempt, error)) return kept;
  return { ...kept, response_id: '', call_group: claim.calls.groupNumber + 1 };
}

async function requeue({ writer }: Attempt, error: AttemptError, delayMs: number, fields: FieldChanges): Promise<void> {
  const retryAt = Date.now() + delayMs;
  await writer.end(
    'queued',
    'attempt.failed',
    { error: error.toJobError(), retry_at: new Date(retryAt).toISOString() },
    { ...fields, retry_at: retryAt },
  );
}
