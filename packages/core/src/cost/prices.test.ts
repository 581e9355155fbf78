import { describe, expect, it } from '@jest/globals';
import { costOf, pricesSchema } from './prices.ts';

const prices = pricesSchema.parse({
  'gpt-mini*': { input_usd_per_million: 0.5, output_usd_per_million: 2 },
  '*': { input_usd_per_million: 10, output_usd_per_million: 20 },
});
const tokens = { input_tokens: 1_000_000, output_tokens: 500_000 };

describe('the cost of a call', () => {
  it('is that of the first pattern that fits the model', () => {
    expect(costOf(prices, 'gpt-mini-2026', tokens)).toBe(1.5);
    expect(costOf(prices, 'other', tokens)).toBe(20);
  });

  it.each([-1, 1_000_001, 1e308, Number.POSITIVE_INFINITY, Number.NaN, '5'])('is of no price of %p', (price) => {
    const wrong = { '*': { input_usd_per_million: 1, output_usd_per_million: price } };
    expect(pricesSchema.safeParse(wrong).error?.issues[0]?.path).toEqual(['*', 'output_usd_per_million']);
  });

  it('is not known where no pattern fits', () => {
    expect(costOf({}, 'other', tokens)).toBeNull();
  });
});
