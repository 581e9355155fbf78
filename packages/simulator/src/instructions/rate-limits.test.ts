import { describe, expect, it } from '@jest/globals';
import { RateLimits } from './rate-limits.ts';

describe('rate limits', () => {
  it('opens a new window so long after the first call of the last', () => {
    let now = 5000;
    const limits = new RateLimits(() => now);
    const limit = { requests: 1, tokens: null, windowMs: 60_000 };
    limits.admit('a', limit, 1);
    now += 59_999;
    expect(() => limits.admit('a', limit, 1)).toThrow(/limit 1 RPM/);
    expect(() => limits.admit('b', limit, 1)).not.toThrow();
    now += 1;
    expect(() => limits.admit('a', limit, 1)).not.toThrow();
  });

  it('takes nothing for a call that is refused', () => {
    const limits = new RateLimits(() => 0);
    const limit = { requests: null, tokens: 100, windowMs: 60_000 };
    limits.admit('a', limit, 60);
    expect(() => limits.admit('a', limit, 60)).toThrow(/limit 100 TPM/);
    expect(limits.headers('a', limit)['x-ratelimit-remaining-tokens']).toBe('40');
    limits.admit('a', limit, 40);
  });
});
