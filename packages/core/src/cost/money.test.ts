import { describe, expect, it } from '@jest/globals';
import { toNano, toUsd } from './money.ts';

describe('money', () => {
  it.each([
    [0, 0],
    [1, 1e9],
    [0.07, 70_000_000],
    [0.1 + 0.2, 300_000_000],
    [1.1 * 3, 3_300_000_000],
    [1_000_000, 1e15],
  ])('of $%d is %d billionths, whatever floats have added', (usd, nano) => {
    expect(toNano(usd)).toBe(nano);
  });

  it('is rounded up: nothing that costs something costs nothing', () => {
    expect([toNano(1e-9), toNano(1e-10), toNano(1.2e-9)]).toEqual([1, 1, 2]);
  });

  it('is never less than nothing, and stays below what doubles hold exactly', () => {
    expect(toNano(-1)).toBe(0);
    for (const usd of [4_000_001, 1e300, Number.POSITIVE_INFINITY]) expect(toNano(usd)).toBe(4e15);
    expect(2 * toNano(Number.MAX_VALUE)).toBeLessThan(Number.MAX_SAFE_INTEGER);
  });

  it('sums up exactly', () => {
    const sum = Array.from({ length: 1_000 }, () => toNano(0.07)).reduce((total, nano) => total + nano);
    expect(toUsd(sum)).toBe(70);
  });

  it('becomes dollars again', () => {
    for (const usd of [0, 1e-9, 0.25, 12.345678901, 999_999.99]) expect(toUsd(toNano(usd))).toBe(usd);
  });
});
