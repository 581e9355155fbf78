/** An answer as the journal stores it. */
import { AttemptError, type JsonValue, outputTextOf } from '@holdfast/core';
import { type FieldChanges, MAX_READ_WHOLE } from '@holdfast/journal';

/** @returns the answer as JSON. @throws AttemptError `answer_too_large` */
export function toStoredAnswer(output: JsonValue, maxAnswerBytes: number): string {
  const json = JSON.stringify(output);
  const bytes = Buffer.byteLength(json);
  if (bytes <= maxAnswerBytes) return json;
  throw answerTooLarge(bytes, maxAnswerBytes);
}

/** @param ambiguous its call was cut off, and is paid as far as it came */
export function answerTooLarge(bytes: number, limit: number, ambiguous = false): AttemptError {
  const [is, may] = [bytes, limit].map((size) => `${(size / 1_048_576).toFixed(1)} MB`);
  const message = `The answer has ${is} or more; ${may} are kept (MAX_ANSWER_MB).`;
  return new AttemptError('answer_too_large', message, { ambiguous });
}

/** Where an answer is too large for the API to parse, its text is stored beside it. */
export function storedText(json: string, output: JsonValue): FieldChanges {
  const text = json.length > MAX_READ_WHOLE ? outputTextOf(output) : null;
  return text === null ? {} : { text };
}
