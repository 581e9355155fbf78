/**
 * How an answer that fits a schema is asked for. Not every provider takes every way, nor for every model:
 *
 *   json_schema ──refused──▶ json_object ──refused──▶ text
 *
 * The schema goes along as a format in the first, in plain words in the others. A refusal costs nothing, so the next way is tried
 * at once; the one that was answered is remembered.
 */
import { AttemptError, type JobErrorCode, type JsonObject } from '@holdfast/core';

export type AnswerFormat = 'json_schema' | 'json_object' | 'text';

/** How one answer is asked for. */
export interface Structure {
  /** JSON Schema of the answer. */
  schema: JsonObject;
  format: AnswerFormat;
}

/** What is known of each model, for as long as its worker runs. */
export interface AnswerFormats {
  /** Where nothing is known: `json_schema`. */
  of(model: string): AnswerFormat;
  remember(model: string, format: AnswerFormat): void;
}

const next: Readonly<Record<AnswerFormat, AnswerFormat | null>> = {
  json_schema: 'json_object',
  json_object: 'text',
  text: null,
};

const refusals: ReadonlySet<JobErrorCode> = new Set(['provider_bad_request', 'provider_not_found', 'provider_refused']);

/** In the words of many providers: "This response_format type is unavailable now", "does not support structured outputs". */
const FORMAT_WORDS = /response[_ ]format|json[_ ](schema|object|mode)|structured[_ ]output|text\.format|guided_json/i;

/** What to ask for instead, where `error` says that `format` is refused; null: it says something else, or nothing is left. */
export function formatAfter(format: AnswerFormat, error: unknown): AnswerFormat | null {
  if (!(error instanceof AttemptError) || !refusals.has(error.code) || error.ambiguous) return null;
  // Some name the field beside their message only.
  const told = JSON.stringify((error.cause as { error?: unknown } | undefined)?.error) ?? '';
  return FORMAT_WORDS.test(`${error.message} ${told}`) ? next[format] : null;
}
