/**
 * What has failed for an answer that is still to come. It is kept under the id of its calls over attempts and crashes, until the
 * answer comes or the job is run again:
 *
 *   charged   calls that may have been paid and gave no answer. `max_calls` of the lane bounds these: one that was refused, or
 *             never left, doesn't count, nor one that is taken up or repeated under its key
 *   error     what the last call said. The job's error says it in the end, whatever keeps the next call from being made
 *
 * It changes in memory; the record follows with the attempt's next event. A crash before that leaves the call open, and the next
 * attempt counts it.
 */
import { AttemptError, type JobErrorCode } from '@holdfast/core';
import { type FailedCalls, type FieldChanges, failedField } from '@holdfast/journal';
import type { Attempt } from '../attempt/run-attempt.ts';
import type { Lane } from './lane-providers.ts';

/** A call may have been paid, and gave no answer. */
export function countCharged(attempt: Attempt, id: string): void {
  const { charged, error } = failedOf(attempt, id);
  keep(attempt, id, { charged: charged + 1, error });
}

export function keepError(attempt: Attempt, id: string, error: AttemptError): void {
  keep(attempt, id, { ...failedOf(attempt, id), error: error.toJobError() });
}

/** The answer has come. */
export function forgetFailed({ failedCalls }: Attempt, id: string): FieldChanges {
  return failedCalls.delete(id) ? failedField(id, null) : {};
}

/** What the last call for the answer said; null: none has failed, or nobody has heard. */
export function lastError(attempt: Attempt, id: string): AttemptError | null {
  const { error } = failedOf(attempt, id);
  if (!error) return null;
  const { code, message, tried = [], ...more } = error;
  return new AttemptError(code as JobErrorCode, message, { ...more, tried });
}

/** The same, of whichever answer is still to come. */
export function anyError(attempt: Attempt): AttemptError | null {
  const id = [...attempt.failedCalls].findLast(([, { error }]) => error !== null)?.[0];
  return id === undefined ? null : lastError(attempt, id);
}

interface NextCall {
  id: string;
  lane: Lane;
}

/** Why no new call may be made for the answer; null: one may. A call that is still open is none: it is gone on with. */
export function callLimit(attempt: Attempt, { id, lane: { maxCalls } }: NextCall): AttemptError | null {
  const { charged } = failedOf(attempt, id);
  if (attempt.calls.has(id) || charged < maxCalls) return null;
  const why = `${charged} calls for this answer were or may have been paid, and max_calls is ${maxCalls}`;
  const last = lastError(attempt, id);
  if (!last)
    return new AttemptError('call_limit', `${why}: their workers vanished.`, { retryable: true, isFinal: true });
  return last.with({ message: `${last.message} (no further call: ${why})`, isFinal: true });
}

function failedOf({ failedCalls }: Attempt, id: string): FailedCalls {
  return failedCalls.get(id) ?? { charged: 0, error: null };
}

function keep({ failedCalls, writer }: Attempt, id: string, failed: FailedCalls): void {
  failedCalls.set(id, failed);
  writer.change(failedField(id, failed));
}
