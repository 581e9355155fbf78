import { noSpend } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { type CallSlot, slotOf } from '../calls/call-slots.ts';
import { Bill } from './bill.ts';

/** A token in costs a millionth of a dollar, one out ten. */
const prices = { sim: { input_usd_per_million: 1, output_usd_per_million: 10 } };
const body = { model: 'sim', messages: [{ role: 'user', content: 'Hello.' }], max_tokens: 100 };
const inputTokens = Math.ceil(JSON.stringify(body).length / 2);
const mayCost = (inputTokens + 1_000) / 1e6;

function begin(known = prices, isNew = true): { bill: Bill; slot: CallSlot } {
  const bill = new Bill(known, noSpend);
  const slot = slotOf('', { provider: 'main', keyVersion: 0, visible: true, emitted: 0, response: null, cost: null });
  bill.begin(slot, 'chat.completions', body, isNew);
  return { bill, slot };
}

describe('a bill', () => {
  it('says what a call may cost while it is under way, and what it has cost afterwards', () => {
    const { bill, slot } = begin();
    expect(JSON.parse(JSON.stringify(slot))).toMatchObject({ cost: mayCost });
    expect(bill.spent).toEqual({ ...noSpend, calls: 1 });
    bill.answer(slot, { input_tokens: 5, output_tokens: 20 });
    expect(bill.spent).toEqual({ ...noSpend, usd: 205e-6, input_tokens: 5, output_tokens: 20, calls: 1 });
  });

  it.each<[string, (bill: Bill, slot: CallSlot) => void, number]>([
    ['the body and the text for one that was cut', (bill, slot) => bill.breakOff(slot), (inputTokens + 100) / 1e6],
    [
      'the same for one whose provider counts nothing',
      (bill, slot) => bill.answer(slot, null),
      (inputTokens + 100) / 1e6,
    ],
    ['all for one that may have been paid for nothing', (bill, slot) => bill.writeOff(slot), mayCost],
  ])('counts %s', (_, end, usd) => {
    const { bill, slot } = begin();
    slot.receivedBytes = 30;
    end(bill, slot);
    expect(bill.spent).toEqual({ ...noSpend, usd, calls: 1, uncounted: 1 });
  });

  it('counts a call once that an earlier attempt began', () => {
    expect(begin(prices, false).bill.spent.calls).toBe(0);
  });

  it('knows no cost where there is no price', () => {
    const { bill, slot } = begin({} as typeof prices);
    bill.answer(slot, { input_tokens: 5, output_tokens: 20 });
    expect(bill.spent).toEqual({ ...noSpend, input_tokens: 5, output_tokens: 20, calls: 1 });
    expect(slot.cost).toBeNull();
  });
});
