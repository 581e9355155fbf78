import { describe, expect, it } from '@jest/globals';
import { formatBytes, formatExactUsd, formatShortCount, formatUsd } from './numbers.ts';

describe('numbers', () => {
  it('are short from 10,000 on', () => {
    expect([9_999, 10_000, 1_234_567].map(formatShortCount)).toEqual(['9,999', '10K', '1.2M']);
  });

  it('of money never show a cost as nothing', () => {
    expect([0, 12, 1_234.5, 0.5, 0.05, 0.0312, 0.000012].map(formatUsd)).toEqual([
      '$0.00',
      '$12.00',
      '$1,234.50',
      '$0.50',
      '$0.05',
      '$0.031',
      '$0.000012',
    ]);
    expect(formatExactUsd(0.000000001)).toBe('$0.000000001');
  });

  it('of bytes count as Redis does', () => {
    expect([0, 900, 1_536, 1_822_000_000].map(formatBytes)).toEqual(['0 bytes', '900 bytes', '1.5 KB', '1.7 GB']);
  });
});
