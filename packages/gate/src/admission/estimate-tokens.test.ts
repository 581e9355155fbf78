import { describe, expect, it } from '@jest/globals';
import { estimateTokens } from './estimate-tokens.ts';

describe('the estimate of a call', () => {
  it.each([
    ['max_tokens', 100],
    ['max_completion_tokens', 2_000],
    ['max_output_tokens', 16],
  ])('is a quarter of the request’s bytes and what %s allows', (name, most) => {
    expect(estimateTokens(80, { [name]: most })).toBe(20 + most);
  });

  it.each([9e14, 2 ** 53, 1e308])('stays within bounds for any request of a task: %d', (most) => {
    expect(estimateTokens(40, { max_tokens: most })).toBe(10 + 10_000_000);
  });

  it.each([-1, '5'])('takes a usual answer for what is no count: %j', (most) => {
    expect(estimateTokens(40, { max_tokens: most })).toBe(10 + 512);
  });

  it('takes a usual answer where the request bounds none, or not by a number', () => {
    expect(estimateTokens(40, {})).toBe(10 + 512);
    expect(estimateTokens(40, { max_tokens: null })).toBe(10 + 512);
  });
});
