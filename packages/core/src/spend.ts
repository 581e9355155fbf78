import type { Usage } from './job.ts';

/** What one run of a job has cost, from its acceptance (or the `retry` that began it) to its end. */
export interface Spend {
  /** US dollars; null: nothing was called for which a price is known. */
  usd: number | null;
  /** Tokens that providers have counted. Possible spend (`ambiguous` calls) is in `usd` only. */
  input_tokens: number;
  output_tokens: number;
  /** Provider calls begun. */
  calls: number;
  /** US dollars that an answer would have cost which was copied from an equal job's; in none of the others. */
  avoided_usd: number;
}

export const noSpend: Spend = Object.freeze({
  usd: null,
  input_tokens: 0,
  output_tokens: 0,
  calls: 0,
  avoided_usd: 0,
});

export function addSpend(before: Spend, more: Partial<Spend>): Spend {
  const { usd = null, input_tokens = 0, output_tokens = 0, calls = 0, avoided_usd = 0 } = more;
  return {
    usd: usd === null ? before.usd : (before.usd ?? 0) + usd,
    input_tokens: before.input_tokens + input_tokens,
    output_tokens: before.output_tokens + output_tokens,
    calls: before.calls + calls,
    avoided_usd: before.avoided_usd + avoided_usd,
  };
}

/** What clients are shown of it; null: nothing was used. */
export function usageOf({ usd, input_tokens, output_tokens }: Spend): Usage | null {
  if (usd === null && input_tokens === 0 && output_tokens === 0) return null;
  return { input_tokens, output_tokens, cost_usd: usd, cached: false };
}
