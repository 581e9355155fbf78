/** Prices of models. A model has the price of the first pattern that matches it, in the order of the config file. */
import { z } from 'zod';
import { matchesModel } from '../lanes.ts';

const usdPerMillion = z.number().min(0).max(1_000_000);

const priceSchema = z.strictObject({
  input_usd_per_million: usdPerMillion,
  output_usd_per_million: usdPerMillion,
});

export const pricesSchema = z.record(z.string().min(1).max(256), priceSchema);

/** Prices by model name; `*` in a name stands for any characters. */
export type Prices = z.infer<typeof pricesSchema>;

/** What these tokens of a model cost, in US dollars; null: no price is known for the model. */
export function costOf(
  prices: Prices,
  model: string,
  tokens: { input_tokens: number; output_tokens: number },
): number | null {
  const price = Object.entries(prices).find(([pattern]) => matchesModel(pattern, model))?.[1];
  if (!price) return null;
  const { input_usd_per_million: input, output_usd_per_million: output } = price;
  return (tokens.input_tokens * input + tokens.output_tokens * output) / 1_000_000;
}
