/**
 * How many tokens a job's first call may take, in and out: what its lane reserves for it before the call. The usage corrects
 * it after the call.
 */
import type { JsonObject } from '@holdfast/core';

/** English text has about four characters to a token. */
const BYTES_PER_TOKEN = 4;
/** For an answer whose length the request doesn't bound. */
const USUAL_ANSWER = 512;

/** The names that OpenAI's endpoints have for the longest answer. */
const bounds = ['max_output_tokens', 'max_completion_tokens', 'max_tokens'];

export function estimateTokens(requestText: string, input: JsonObject): number {
  const asked = bounds.map((name) => input[name]).find((value) => typeof value === 'number' && value > 0);
  return Math.ceil(Buffer.byteLength(requestText) / BYTES_PER_TOKEN) + Math.ceil(Number(asked ?? USUAL_ANSWER));
}
