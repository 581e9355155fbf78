import { isJsonObject, type JsonObject, type JsonValue } from '@holdfast/core';

export interface TokenUsage {
  input_tokens: number;
  output_tokens: number;
}

/** The usage of an answer, or of a chunk of one: its own, or where some providers put it. */
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
 * The two counts every answer is accounted by: Responses call them input and output, chat and embeddings prompt and
 * completion (embeddings have no output), Gemini and llama.cpp by names of their own. Some providers count reasoning in the total
 * only: then what is not input is output. Null where the provider counted nothing, or nothing that is a count.
 */
export function readUsage(usage: JsonValue | undefined): TokenUsage | null {
  if (!isJsonObject(usage)) return null;
  const total = countIn(usage, totalNames) ?? 0;
  const output = countIn(usage, outputNames) ?? 0;
  const input = countIn(usage, inputNames) ?? (output === 0 ? total : null);
  // Zeros stand for a count that is to come.
  if (input === null || Number.isNaN(input + output + total) || input + output + total === 0) return null;
  return { input_tokens: input, output_tokens: Math.max(output, total - input) };
}

/** null: there is none; NaN: it is no count. */
function countIn(usage: JsonObject, names: readonly string[]): number | null {
  const said = names.map((name) => usage[name]).find((value) => value !== undefined && value !== null);
  if (said === undefined) return null;
  const count = typeof said === 'string' && /^\d+$/.test(said) ? Number(said) : said;
  return typeof count === 'number' && count >= 0 && count <= Number.MAX_SAFE_INTEGER ? Math.ceil(count) : Number.NaN;
}
