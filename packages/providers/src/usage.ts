import { isJsonObject, type JsonValue } from '@holdfast/core';

export interface TokenUsage {
  input_tokens: number;
  output_tokens: number;
}

/**
 * The two counts every answer is accounted by: Responses call them input and output, chat and embeddings prompt and
 * completion (embeddings have no output). Null where the provider counted nothing, or nothing that is a count.
 */
export function readUsage(usage: JsonValue | undefined): TokenUsage | null {
  if (!isJsonObject(usage)) return null;
  const input = usage.input_tokens ?? usage.prompt_tokens;
  const output = usage.output_tokens ?? usage.completion_tokens ?? 0;
  return isCount(input) && isCount(output) ? { input_tokens: input, output_tokens: output } : null;
}

function isCount(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
