/** What the calls of a job have used. */
import type { Usage } from '@holdfast/core';
import type { Tokens } from '@holdfast/journal';

/** The sum over all models; null where no call has told any. */
export function usageOf(spent: Readonly<Record<string, Tokens>>): Usage | null {
  const all = Object.values(spent);
  if (all.length === 0) return null;
  const sum = (name: keyof Tokens) => all.reduce((total, tokens) => total + tokens[name], 0);
  return { input_tokens: sum('input_tokens'), output_tokens: sum('output_tokens'), cost_usd: null, cached: false };
}

/** With what one call more has used. */
export function addTokens(spent: Readonly<Record<string, Tokens>>, model: string, tokens: Tokens | null) {
  if (!tokens) return spent;
  const { input_tokens = 0, output_tokens = 0 } = spent[model] ?? {};
  const sum = {
    input_tokens: input_tokens + tokens.input_tokens,
    output_tokens: output_tokens + tokens.output_tokens,
  };
  return { ...spent, [model]: sum };
}
