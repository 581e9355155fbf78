import { isJsonObject, type JsonObject, type JsonValue } from '@holdfast/core';

export interface TokenUsage {
  input_tokens: number;
  output_tokens: number;
}

/** The usage of an answer, or of a chunk of one: its own, or where some providers put it. */
export function usageIn(answer: JsonObject): TokenUsage | null {
  const [choice] = Array.isArray(answer.choices) ? answer.choices : [];
  const places = [
    answer.usage,
    isJsonObject(answer.x_groq) ? answer.x_groq.usage : undefined,
    isJsonObject(choice) ? choice.usage : undefined,
    answer.usageMetadata ?? answer.usage_metadata,
  ];
  for (const place of places) {
    const usage = readUsage(place);
    if (usage) return usage;
  }
  return null;
}

/**
 * The two counts every answer is accounted by: Responses call them input and output, chat and embeddings prompt and
 * completion (embeddings have no output), Gemini by names of its own. Some providers count reasoning in the total only: then what
 * is not input is output. Null where the provider counted nothing, or nothing that is a count.
 */
export function readUsage(usage: JsonValue | undefined): TokenUsage | null {
  if (!isJsonObject(usage)) return null;
  const input = readCount(usage.input_tokens ?? usage.prompt_tokens ?? usage.promptTokenCount);
  const output = readCount(usage.output_tokens ?? usage.completion_tokens ?? usage.candidatesTokenCount ?? 0);
  const total = readCount(usage.total_tokens ?? usage.totalTokenCount ?? 0) ?? 0;
  if (input === null || output === null) return null;
  return { input_tokens: input, output_tokens: Math.max(output, total - input) };
}

function readCount(value: JsonValue | undefined): number | null {
  const count = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof count === 'number' && count >= 0 && count <= Number.MAX_SAFE_INTEGER ? Math.ceil(count) : null;
}
