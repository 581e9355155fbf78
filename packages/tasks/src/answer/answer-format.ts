/**
 * The format in which an answer that fits a schema is requested. Not every provider supports every format for every model:
 *
 *   json_schema ──refused──▶ json_object ──refused──▶ text
 *
 * The first sends the schema as a format, the others describe it in the prompt. A refusal costs nothing, so the next format is
 * tried at once. The format that was answered is remembered.
 */
import { AttemptError, type JobErrorCode, type JsonObject } from '@holdfast/core';

export type AnswerFormat = 'json_schema' | 'json_object' | 'text';

/** How one answer is requested. */
export interface Structure {
  /** JSON Schema of the answer. */
  schema: JsonObject;
  format: AnswerFormat;
}

/** Which format each model supports, for as long as its worker runs. */
export interface AnswerFormats {
  /** `json_schema` if nothing is known. */
  of(model: string): AnswerFormat;
  remember(model: string, format: AnswerFormat): void;
}

const next: Readonly<Record<AnswerFormat, AnswerFormat | null>> = {
  json_schema: 'json_object',
  json_object: 'text',
  text: null,
};

const refusals: ReadonlySet<JobErrorCode> = new Set(['provider_bad_request', 'provider_not_found', 'provider_refused']);

/** What many providers write: "This response_format type is unavailable now", "does not support structured outputs". */
const FORMAT_WORDS = /response[_ ]format|json[_ ](schema|object|mode)|structured[_ ]output|text\.format|guided_json/i;

/** The format to try next if `error` says that `format` is refused; null if it says something else, or no format is left. */
export function formatAfter(format: AnswerFormat, error: unknown): AnswerFormat | null {
  if (!(error instanceof AttemptError) || !refusals.has(error.code) || error.ambiguous) return null;
  // Some providers name the field only beside their message.
  const details = JSON.stringify((error.cause as { error?: unknown } | undefined)?.error) ?? '';
  return FORMAT_WORDS.test(`${error.message} ${details}`) ? next[format] : null;
}
