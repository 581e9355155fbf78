import { describe, expect, it } from '@jest/globals';
import { addSpend, copiedUsage, noSpend, usageOf } from './spend.ts';

const counted = { input_tokens: 3, output_tokens: 2 };

describe('the usage that clients are shown', () => {
  it('is what providers have counted, and its cost', () => {
    expect(usageOf(addSpend(noSpend, { ...counted, usd: 0.5, calls: 1 }))).toEqual({
      ...counted,
      cost_usd: 0.5,
      estimated: false,
      cached: false,
    });
  });

  it('has unknown tokens, and an estimated cost, where nobody has counted', () => {
    expect(usageOf({ ...noSpend, usd: 0.5, uncounted: 1 })).toEqual({
      input_tokens: null,
      output_tokens: null,
      cost_usd: 0.5,
      estimated: true,
      cached: false,
    });
  });

  it('has the tokens that were counted, and an estimated cost, where some calls were not', () => {
    expect(usageOf({ ...noSpend, ...counted, uncounted: 1 })).toMatchObject({ ...counted, estimated: true });
  });

  it('is none where nothing was called', () => {
    expect(usageOf(noSpend)).toBeNull();
  });
});

describe('the usage of a copied answer', () => {
  it('costs nothing, which is not an estimate', () => {
    const usage = { cost_usd: 0, estimated: false, cached: true };
    expect(copiedUsage({ ...counted, uncounted: 0 })).toEqual({ ...counted, ...usage });
    expect(copiedUsage({ input_tokens: 0, output_tokens: 0, uncounted: 1 })).toMatchObject({
      input_tokens: null,
      ...usage,
    });
  });
});
