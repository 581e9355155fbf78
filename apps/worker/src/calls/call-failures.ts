/**
 * What has failed for answers that a run still waits for. Owns it under the ids of their calls, over attempts and crashes, until
 * the answer comes or the job is retried by its client:
 *
 *   charged   calls that may have been paid and gave no answer. `max_calls` of the lane bounds these. A call that was refused or
 *             never left doesn't count, nor does one that is resumed or repeated under its key
 *   error     what the last call said. The job's error says it in the end, whatever prevents the next call
 *
 * It changes in memory; the journal follows with the attempt's next event. A crash before that leaves the call open, and the next
 * attempt counts it.
 */
import { AttemptError, type JobErrorCode } from '@holdfast/core';
import { type AttemptWriter, type FailedCalls, type FieldChanges, failedField } from '@holdfast/journal';

export class CallFailures {
  readonly #byId: Map<string, FailedCalls>;
  readonly #writer: Pick<AttemptWriter, 'change'>;

  constructor(before: ReadonlyMap<string, FailedCalls>, writer: Pick<AttemptWriter, 'change'>) {
    this.#byId = new Map(before);
    this.#writer = writer;
  }

  /** A call may have been paid, and gave no answer. */
  countCharged(id: string): void {
    const { charged, error } = this.#of(id);
    this.#set(id, { charged: charged + 1, error });
  }

  setError(id: string, error: AttemptError): void {
    this.#set(id, { ...this.#of(id), error: error.toJobError() });
  }

  /** The answer has come. */
  forget(id: string): FieldChanges {
    return this.#byId.delete(id) ? failedField(id, null) : {};
  }

  /** What the last call for the answer said; null: none has failed, or its worker vanished. */
  lastError(id: string): AttemptError | null {
    const { error } = this.#of(id);
    if (!error) return null;
    const { code, message, tried = [], ...more } = error;
    return new AttemptError(code as JobErrorCode, message, { ...more, tried });
  }

  /** The same, of any answer that the run still waits for. */
  anyError(): AttemptError | null {
    const id = [...this.#byId].findLast(([, { error }]) => error !== null)?.[0];
    return id === undefined ? null : this.lastError(id);
  }

  /** Why no new call may be made for the answer; null: one may. */
  limitReached(id: string, maxCalls: number): AttemptError | null {
    const { charged } = this.#of(id);
    if (charged < maxCalls) return null;
    const why = `${charged} calls for this answer were or may have been paid, and max_calls is ${maxCalls}`;
    const last = this.lastError(id);
    if (last) return last.with({ message: `${last.message} (no further call: ${why})`, isFinal: true });
    return new AttemptError('call_limit', `${why}: their workers vanished.`, { retryable: true, isFinal: true });
  }

  #of(id: string): FailedCalls {
    return this.#byId.get(id) ?? { charged: 0, error: null };
  }

  #set(id: string, failed: FailedCalls): void {
    this.#byId.set(id, failed);
    this.#writer.change(failedField(id, failed));
  }
}
