/**
 * What a call may cost, before it is made: an upper bound for text, so that budgets hold whatever comes at once.
 *
 *   input    bytes of the body / 2. Byte-level BPE makes about 4 bytes of English a token, and of other scripts in common
 *            use seldom fewer than 2; the body's JSON around the texts pays for the tokens that chat formats add. An
 *            array of token numbers has at least two bytes for each.
 *   output   what the body allows, for each of its choices; 4,096 where it allows anything. Only members that the endpoint
 *            knows count: the provider passes over the others, and a small one would hide what the call may cost
 *
 * Not bounded by this: what isn't in the body (images by URL, stored prompts and conversations, tools that the provider
 * runs), texts of random bytes, and answers beyond 4,096 tokens that no one has limited. The settlement counts those in
 * full.
 */
import {
  costOf,
  type JsonObject,
  type JsonValue,
  MAX_CHOICES,
  MAX_OUTPUT_TOKENS,
  type Prices,
  type ProviderEndpoint,
} from '@holdfast/core';

const BYTES_PER_TOKEN = 2;
const UNBOUNDED_OUTPUT_TOKENS = 4_096;
type OutputLimit = 'max_completion_tokens' | 'max_tokens' | 'max_output_tokens';

/** Members that limit an endpoint's output: the first that is there counts, and the first of all can be added. */
const outputLimits: Readonly<Record<ProviderEndpoint, readonly OutputLimit[]>> = {
  'chat.completions': ['max_completion_tokens', 'max_tokens'],
  responses: ['max_output_tokens'],
  embeddings: [],
};

export interface CallEstimate {
  input_tokens: number;
  output_tokens: number;
  /** null: no price is known for the model. */
  usd: number | null;
  /** Of these, what the input may cost. */
  input_usd: number | null;
  /** How many answers it asks for: they share `output_tokens`. */
  choices: number;
  /** The member of a body that limits each of them; null: there is no such output. */
  output_limit: OutputLimit | null;
}

export function estimateCall(prices: Prices, endpoint: ProviderEndpoint, body: JsonObject): CallEstimate {
  const limits = outputLimits[endpoint];
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

/** The built-in tasks' schemas refuse what is no count; a task of one's own may ask for anything. */
function countOf(value: JsonValue | undefined, max: number): number | null {
  return typeof value === 'number' && value > 0 ? Math.min(Math.ceil(value), max) : null;
}
