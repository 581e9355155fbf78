/**
 * What a call may cost, before it is made: an upper bound for text, so that budgets hold whatever comes at once.
 *
 *   input    bytes of the body / 2. Byte-level BPE makes about 4 bytes of English a token, and of other scripts in common
 *            use seldom fewer than 2; the body's JSON around the texts pays for the tokens that chat formats add. An
 *            array of token numbers has at least two bytes for each.
 *   output   what the body allows, for each of its choices; 4,096 where it allows anything
 *
 * Not bounded by this: what isn't in the body (images by URL, stored prompts and conversations, tools that the provider
 * runs), texts of random bytes, and answers beyond 4,096 tokens that no one has limited. The settlement counts those in
 * full.
 */
import { costOf, type JsonObject, type JsonValue, type Prices, type ProviderEndpoint } from '@holdfast/core';

const BYTES_PER_TOKEN = 2;
const UNBOUNDED_OUTPUT_TOKENS = 4_096;

export interface CallEstimate {
  input_tokens: number;
  output_tokens: number;
  /** null: no price is known for the model. */
  usd: number | null;
}

export function estimateCall(prices: Prices, endpoint: ProviderEndpoint, body: JsonObject): CallEstimate {
  const tokens = {
    input_tokens: Math.ceil(Buffer.byteLength(JSON.stringify(body)) / BYTES_PER_TOKEN),
    output_tokens: endpoint === 'embeddings' ? 0 : outputLimitOf(body) * (countOf(body.n) ?? 1),
  };
  return { ...tokens, usd: costOf(prices, String(body.model), tokens) };
}

function outputLimitOf({ max_completion_tokens, max_output_tokens, max_tokens }: JsonObject): number {
  return countOf(max_completion_tokens) ?? countOf(max_output_tokens) ?? countOf(max_tokens) ?? UNBOUNDED_OUTPUT_TOKENS;
}

function countOf(value: JsonValue | undefined): number | null {
  return typeof value === 'number' && value > 0 ? value : null;
}
