/**
 * How many tokens a call usually uses, in and out. The lane's limit reserves them before the call, and the usage corrects them
 * afterwards. The maximum, for budgets, is in `estimate-call.ts`.
 */
import { type JsonObject, MAX_OUTPUT_TOKENS, outputLimitFields } from '@holdfast/core';

/** English text has about four bytes to a token. */
const BYTES_PER_TOKEN = 4;
/** For an answer whose length the request doesn't limit, in tokens. */
const USUAL_ANSWER = 512;

/** Of any endpoint: it is not known yet which one the task will call. */
const limitFields = [...outputLimitFields.responses, ...outputLimitFields['chat.completions']];

/** @param bytes of the request */
export function estimateTokens(bytes: number, body: JsonObject): number {
  const limit = limitFields.map((name) => body[name]).find((value) => typeof value === 'number' && value > 0);
  return Math.ceil(bytes / BYTES_PER_TOKEN) + Math.min(Math.ceil(Number(limit ?? USUAL_ANSWER)), MAX_OUTPUT_TOKENS);
}
