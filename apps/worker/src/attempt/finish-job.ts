/**
 * Steps 6 and 7 of an attempt: write the job's end, with what its run has used, and settle it: one write. Before it:
 * `run-task.ts`.
 */
import { AttemptError, type JsonValue, type Outcome, outputTextOf, usageOf } from '@holdfast/core';
import { type FieldChanges, MAX_READ_WHOLE } from '@holdfast/journal';
import { closeAll } from '../calls/call-slots.ts';
import type { Attempt, WorkerParts } from './run-attempt.ts';

/** @throws AttemptError `answer_too_large` */
export async function finishJob(parts: WorkerParts, attempt: Attempt, output: JsonValue): Promise<Outcome> {
  const json = storedOutput(parts, output);
  // Calls of an earlier attempt that the task had no more use for.
  const closed = closeAll(attempt);
  const changes = { ...closed, ...storedText(json, output) };
  const { unblocked } = await attempt.writer.complete(json, usageOf(attempt.bill.spent), changes);
  return { kind: 'completed', unblocked };
}

/** @throws AttemptError `answer_too_large` */
function storedOutput({ maxAnswerBytes }: WorkerParts, output: JsonValue): string {
  const json = JSON.stringify(output);
  const bytes = Buffer.byteLength(json);
  if (bytes <= maxAnswerBytes) return json;
  throw answerTooLarge(bytes, maxAnswerBytes);
}

/** @param ambiguous its call was broken off, and is paid as far as it came */
export function answerTooLarge(bytes: number, limit: number, ambiguous = false): AttemptError {
  const [is, may] = [bytes, limit].map((size) => `${(size / 1_048_576).toFixed(1)} MB`);
  const message = `The answer has ${is} or more; ${may} are kept (MAX_ANSWER_MB).`;
  return new AttemptError('answer_too_large', message, { ambiguous });
}

/** Of an answer that is too large for the API to parse, its text is stored beside it. */
export function storedText(json: string, output: JsonValue): FieldChanges {
  const text = json.length > MAX_READ_WHOLE ? outputTextOf(output) : null;
  return text === null ? {} : { text };
}
