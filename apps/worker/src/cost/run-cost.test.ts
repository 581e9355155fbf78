import { noSpend } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { interruptedCall, type ProviderCallState } from '../calls/provider-call-state.ts';
import { RunCost } from './run-cost.ts';

/** A token in costs a millionth of a dollar, one out ten. */
const prices = { sim: { input_usd_per_million: 1, output_usd_per_million: 10 } };
const body = { model: 'sim', messages: [{ role: 'user', content: 'Hello.' }], max_tokens: 100 };
const inputTokens = Math.ceil(JSON.stringify(body).length / 2);
const mayCost = (inputTokens + 1_000) / 1e6;

function begin(known = prices, isNew = true): { cost: RunCost; call: ProviderCallState } {
  const cost = new RunCost(known, noSpend);
  const call = interruptedCall('', {
    provider: 'main',
    keyVersion: 0,
    visible: true,
    emitted: 0,
    response: null,
    cost: null,
  });
  cost.begin(call, 'chat.completions', body, isNew);
  return { cost, call };
}

describe('the cost of a run', () => {
  it('says what a call may cost while it is under way, and what it has cost afterwards', () => {
    const { cost, call } = begin();
    expect(JSON.parse(JSON.stringify(call))).toMatchObject({ cost: mayCost });
    expect(cost.spent).toEqual({ ...noSpend, calls: 1 });
    cost.charge(call, { input_tokens: 5, output_tokens: 20 });
    expect(cost.spent).toEqual({ ...noSpend, usd: 205e-6, input_tokens: 5, output_tokens: 20, calls: 1 });
  });

  it.each<[string, (cost: RunCost, call: ProviderCallState) => void, number]>([
    ['the body and the text for one that was cut', (cost, call) => cost.chargePartly(call), (inputTokens + 100) / 1e6],
    [
      'the same for one whose provider counts nothing',
      (cost, call) => cost.charge(call, null),
      (inputTokens + 100) / 1e6,
    ],
    ['all for one that may have been paid for nothing', (cost, call) => cost.chargeInFull(call), mayCost],
  ])('counts %s', (_, end, usd) => {
    const { cost, call } = begin();
    call.receivedBytes = 30;
    end(cost, call);
    expect(cost.spent).toEqual({ ...noSpend, usd, calls: 1, uncounted: 1 });
  });

  it('counts a call once that an earlier attempt began', () => {
    expect(begin(prices, false).cost.spent.calls).toBe(0);
  });

  it('knows no cost where there is no price', () => {
    const { cost, call } = begin({} as typeof prices);
    cost.charge(call, { input_tokens: 5, output_tokens: 20 });
    expect(cost.spent).toEqual({ ...noSpend, input_tokens: 5, output_tokens: 20, calls: 1 });
    expect(call.cost).toBeNull();
  });
});
