import { noSpend } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { Bill } from './bill.ts';

/** A token in costs a millionth of a dollar, one out ten. */
const prices = { sim: { input_usd_per_million: 1, output_usd_per_million: 10 } };
const body = { model: 'sim', messages: [{ role: 'user', content: 'Hello.' }], max_tokens: 100 };
const inputTokens = Math.ceil(JSON.stringify(body).length / 2);
const estimate = (inputTokens + 1_000) / 1e6;

const newBill = (openCost: number | null = null, known = prices) =>
  new Bill(known, { spent: noSpend, calls: { openCost } });
const fieldsOf = (bill: Bill) => {
  const { spent, call_cost } = bill.fields;
  return { spent: JSON.parse(String(spent)), call_cost };
};

describe('a bill', () => {
  it('says what a call may cost while it is under way, and what it has cost afterwards', () => {
    const bill = newBill();
    const call = bill.begin('chat.completions', body);
    expect(fieldsOf(bill)).toEqual({ spent: { ...noSpend, calls: 1 }, call_cost: estimate });
    bill.complete(call, { input_tokens: 5, output_tokens: 20 }, '');
    const spent = { usd: 205e-6, input_tokens: 5, output_tokens: 20, calls: 1 };
    expect(fieldsOf(bill)).toEqual({ spent, call_cost: '' });
  });

  it.each<[string, (bill: Bill, call: ReturnType<Bill['begin']>) => void, number | null]>([
    ['nothing for a call that was refused', (bill, call) => bill.drop(call), null],
    ['the body and the text for one that was cut', (bill, call) => bill.breakOff(call, 'x'.repeat(30)), 1],
    ['the same for one whose provider counts nothing', (bill, call) => bill.complete(call, null, 'x'.repeat(30)), 1],
    ['all for one that may have been paid for nothing', (bill, call) => bill.writeOff(call), 2],
  ])('counts %s', (_, end, which) => {
    const bill = newBill();
    end(bill, bill.begin('chat.completions', body));
    const expected = [null, (inputTokens + 100) / 1e6, estimate][which ?? 0] ?? null;
    expect(fieldsOf(bill)).toMatchObject({ spent: { usd: expected, calls: 1 }, call_cost: '' });
  });

  it('counts a call once, however often it ends', () => {
    const bill = newBill();
    const call = bill.begin('chat.completions', body);
    bill.writeOff(call);
    bill.writeOff(call);
    bill.breakOff(call, 'text');
    expect(bill.spent.usd).toBe(estimate);
  });

  it('adds up calls that run side by side', () => {
    const bill = newBill();
    const [one, two] = [bill.begin('chat.completions', body), bill.begin('chat.completions', body)];
    expect(bill.fields.call_cost).toBe(2 * estimate);
    bill.drop(one);
    expect(bill.fields.call_cost).toBe(estimate);
    bill.writeOff(two);
    expect(fieldsOf(bill)).toMatchObject({ spent: { usd: estimate, calls: 2 }, call_cost: '' });
  });

  it('judges what a vanished worker left: paid for nothing, or taken up again and paid once', () => {
    const lost = newBill(0.5);
    expect(lost.fields.call_cost).toBe(0.5);
    lost.writeOffLeftOver();
    lost.begin('chat.completions', body);
    expect(fieldsOf(lost)).toEqual({ spent: { ...noSpend, usd: 0.5, calls: 1 }, call_cost: estimate });

    const resumed = newBill(0.5);
    const call = resumed.begin('responses', body, true);
    expect(fieldsOf(resumed)).toEqual({ spent: noSpend, call_cost: estimate });
    resumed.complete(call, { input_tokens: 5, output_tokens: 20 }, '');
    expect(resumed.spent).toMatchObject({ usd: 205e-6, calls: 0 });
  });

  it('is null where no price is known, and counts tokens all the same', () => {
    const bill = newBill(null, {} as typeof prices);
    const call = bill.begin('chat.completions', body);
    expect(bill.fields.call_cost).toBe('');
    bill.complete(call, { input_tokens: 5, output_tokens: 20 }, '');
    expect(bill.spent).toEqual({ usd: null, input_tokens: 5, output_tokens: 20, calls: 1 });
  });
});
