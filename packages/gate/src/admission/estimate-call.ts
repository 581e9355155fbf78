/**
 * What a call may cost, before it is made. It is an upper bound for text, so that budgets hold however many calls are under way.
 *
 *   input    bytes of the body / 2. With byte-level BPE a token has about 4 bytes of English, and seldom fewer than 2 of other
 *            common scripts; the JSON around the texts makes up for the tokens that chat formats add. In an array of token
 *            numbers each has at least two bytes.
 *   output   the limit in the body, for each of its choices; 4,096 without a limit. Only the members that the endpoint knows
 *            count: the provider ignores others, and a small one would hide what the call may cost
 *
 * This doesn't bound what isn't in the body (images by URL, stored prompts and conversations, tools that the provider runs), texts
 * of random bytes, and answers of more than 4,096 tokens without a limit. The ledger counts their real cost afterwards.
 */
import {
  costOf,
  type JsonObject,
  type JsonValue,
  MAX_CHOICES,
  MAX_OUTPUT_TOKENS,
  type OutputLimitField,
  outputLimitFields,
  type Prices,
  type ProviderEndpoint,
} from '@holdfast/core';

const BYTES_PER_TOKEN = 2;
const UNBOUNDED_OUTPUT_TOKENS = 4_096;

export interface CallEstimate {
  input_tokens: number;
  output_tokens: number;
  /** null: no price is known for the model. */
  usd: number | null;
  /** The part of `usd` that the input may cost. */
  input_usd: number | null;
  /** How many answers the call asks for: they share `output_tokens`. */
  choices: number;
  /** The member of the body that limits each answer; null: the endpoint has no output tokens. */
  output_limit: OutputLimitField | null;
}

export function estimateCall(prices: Prices, endpoint: ProviderEndpoint, body: JsonObject): CallEstimate {
  const limits = outputLimitFields[endpoint];
  const limited = limits.find((name) => countOf(body[name], MAX_OUTPUT_TOKENS) !== null);
  const each = (limited && countOf(body[limited], MAX_OUTPUT_TOKENS)) ?? UNBOUNDED_OUTPUT_TOKENS;
  const choices = (endpoint === 'chat.completions' && countOf(body.n, MAX_CHOICES)) || 1;
  const tokens = {
    input_tokens: Math.ceil(Buffer.byteLength(JSON.stringify(body)) / BYTES_PER_TOKEN),
    output_tokens: endpoint === 'embeddings' ? 0 : each * choices,
  };
  const model = String(body.model);
  return {
    ...tokens,
    usd: costOf(prices, model, tokens),
    input_usd: costOf(prices, model, { ...tokens, output_tokens: 0 }),
    choices,
    output_limit: limited ?? limits[0] ?? null,
  };
}

/** The schemas of built-in tasks refuse anything but counts; a custom task may send anything. */
function countOf(value: JsonValue | undefined, max: number): number | null {
  return typeof value === 'number' && value > 0 ? Math.min(Math.ceil(value), max) : null;
}
