import { isJsonObject, type JsonObject, type JsonValue } from '@holdfast/core';

export interface TokenUsage {
  input_tokens: number;
  output_tokens: number;
}

/** The usage in an answer or a chunk, also in other places where some providers put it. */
export function usageIn(answer: JsonObject): TokenUsage | null {
  const choices = Array.isArray(answer.choices) ? answer.choices.filter(isJsonObject) : [];
  const inner = [answer.x_groq, answer.response, ...choices, ...choices.map(({ delta }) => delta ?? null)];
  const places = [
    answer.usage,
    answer.usageMetadata,
    answer.usage_metadata,
    answer.timings,
    ...inner.map((one) => (isJsonObject(one ?? null) ? (one as JsonObject).usage : undefined)),
  ];
  for (const place of places) {
    const usage = readUsage(place);
    if (usage) return usage;
  }
  return null;
}

const inputNames = ['input_tokens', 'prompt_tokens', 'promptTokenCount', 'prompt_n'];
const outputNames = ['output_tokens', 'completion_tokens', 'candidatesTokenCount', 'predicted_n'];
const totalNames = ['total_tokens', 'totalTokenCount'];

/**
 * Reads the counts of input and output tokens. Responses name them input and output, chat and embeddings prompt and completion
 * (embeddings have no output); Gemini and llama.cpp have their own names. Some providers count reasoning only in the total: then
 * output is the total without the input. null: the provider has counted nothing, or no valid number.
 */
export function readUsage(usage: JsonValue | undefined): TokenUsage | null {
  if (!isJsonObject(usage)) return null;
  const total = countIn(usage, totalNames) ?? 0;
  const output = countIn(usage, outputNames) ?? 0;
  const input = countIn(usage, inputNames) ?? (output === 0 ? total : null);
  // Zeros mean that the count will follow.
  if (input === null || Number.isNaN(input + output + total) || input + output + total === 0) return null;
  return { input_tokens: input, output_tokens: Math.max(output, total - input) };
}

/** null: missing; NaN: not a valid count. */
function countIn(usage: JsonObject, names: readonly string[]): number | null {
  const value = names.map((name) => usage[name]).find((one) => one !== undefined && one !== null);
  if (value === undefined) return null;
  const count = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof count === 'number' && count >= 0 && count <= Number.MAX_SAFE_INTEGER ? Math.ceil(count) : Number.NaN;
}
