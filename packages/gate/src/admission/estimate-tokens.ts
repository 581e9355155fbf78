/**
 * How many tokens a call may take, in and out: what its lane's minute keeps for it before the call. The usage corrects it
 * afterwards, so this is what is usual; what a call may cost at most is `estimate-call.ts`.
 */
import { type JsonObject, MAX_OUTPUT_TOKENS } from '@holdfast/core';

/** English text has about four bytes to a token. */
const BYTES_PER_TOKEN = 4;
/** For an answer whose length the request doesn't bound. */
const USUAL_ANSWER = 512;

/** The names that OpenAI's endpoints have for the longest answer. */
const bounds = ['max_output_tokens', 'max_completion_tokens', 'max_tokens'];

/** @param bytes of the request */
export function estimateTokens(bytes: number, body: JsonObject): number {
  const asked = bounds.map((name) => body[name]).find((value) => typeof value === 'number' && value > 0);
  return Math.ceil(bytes / BYTES_PER_TOKEN) + Math.min(Math.ceil(Number(asked ?? USUAL_ANSWER)), MAX_OUTPUT_TOKENS);
}
