import type { Usage } from '../job/job.ts';

/** What one run of a job has cost: from its acceptance, or the `retry` that began it, to its end. */
export interface Spend {
  /** US dollars; null: no call was made whose price is known. */
  usd: number | null;
  /** Tokens that providers have counted. Possible spend (`ambiguous` calls) is in `usd` only. */
  input_tokens: number;
  output_tokens: number;
  /** Calls whose tokens no provider has counted: their cost is an estimate. */
  uncounted: number;
  /** Provider calls begun. */
  calls: number;
  /** What an answer copied from an equal job would have cost, in US dollars. Not part of the other fields. */
  avoided_usd: number;
}

export const noSpend: Spend = Object.freeze({
  usd: null,
  input_tokens: 0,
  output_tokens: 0,
  uncounted: 0,
  calls: 0,
  avoided_usd: 0,
});

export function addSpend(before: Spend, more: Partial<Spend>): Spend {
  const { usd = null, input_tokens = 0, output_tokens = 0, uncounted = 0, calls = 0, avoided_usd = 0 } = more;
  return {
    usd: usd === null ? before.usd : (before.usd ?? 0) + usd,
    input_tokens: before.input_tokens + input_tokens,
    output_tokens: before.output_tokens + output_tokens,
    uncounted: before.uncounted + uncounted,
    calls: before.calls + calls,
    avoided_usd: before.avoided_usd + avoided_usd,
  };
}

/** The usage that clients see of a copied answer: its tokens, and a cost of nothing. */
export function copiedUsage(copied: Pick<Spend, 'input_tokens' | 'output_tokens' | 'uncounted'>): Usage {
  return { ...(usageOf({ ...noSpend, ...copied, usd: 0 }) as Usage), estimated: false, cached: true };
}

/** The usage that clients see; null: nothing was used. */
export function usageOf({ usd, input_tokens, output_tokens, uncounted }: Spend): Usage | null {
  const isCounted = input_tokens > 0 || output_tokens > 0;
  if (usd === null && !isCounted && uncounted === 0) return null;
  const isUnknown = !isCounted && uncounted > 0;
  return {
    input_tokens: isUnknown ? null : input_tokens,
    output_tokens: isUnknown ? null : output_tokens,
    cost_usd: usd,
    estimated: uncounted > 0,
    cached: false,
  };
}
