import { describe, expect, it } from '@jest/globals';
import { defaultRetryPolicy, type RetryPolicy, retryDelayMs } from './retry-policy.ts';

const policy: RetryPolicy = { maxFailures: 10, baseDelayMs: 500, maxDelayMs: 60_000, maxRetryAfterMs: 600_000 };
const passing = { retryable: true, retryAfterMs: undefined };
const justBelowOne = 1 - Number.EPSILON;

describe('retryDelayMs', () => {
  it('doubles the upper bound with each failure until it meets the largest delay', () => {
    const bounds = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((failures) => retryDelayMs(policy, passing, failures, justBelowOne));
    expect(bounds).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  it('spreads delays over the whole range below the bound', () => {
    expect(retryDelayMs(policy, passing, 3, 0)).toBe(0);
    expect(retryDelayMs(policy, passing, 3, 0.25)).toBe(500);
    expect(retryDelayMs(policy, passing, 3, 0.5)).toBe(1_000);
  });

  it('waits for what the provider asked for, and the jitter on top', () => {
    expect(retryDelayMs(policy, { retryable: true, retryAfterMs: 7_000 }, 1, 0)).toBe(7_000);
    expect(retryDelayMs(policy, { retryable: true, retryAfterMs: 7_000 }, 1, 0.5)).toBe(7_250);
    expect(retryDelayMs(policy, { retryable: true, retryAfterMs: 120_000 }, 1, 0)).toBe(120_000);
  });

  it('gives up when the provider asks for a longer wait than the policy allows', () => {
    expect(retryDelayMs(policy, { retryable: true, retryAfterMs: 600_000 }, 1, 0)).toBe(600_000);
    expect(retryDelayMs(policy, { retryable: true, retryAfterMs: 600_001 }, 1, 0)).toBeNull();
  });

  it('gives up at the last failure that the policy allows', () => {
    expect(retryDelayMs(policy, passing, 9, 0)).toBe(0);
    expect(retryDelayMs(policy, passing, 10, 0)).toBeNull();
    expect(retryDelayMs(policy, passing, 11, 0)).toBeNull();
    expect(retryDelayMs({ ...policy, maxFailures: 1 }, passing, 1, 0)).toBeNull();
  });

  it('gives up at once on an error that is not retryable, even with a Retry-After', () => {
    expect(retryDelayMs(policy, { retryable: false, retryAfterMs: undefined }, 1, 0)).toBeNull();
    expect(retryDelayMs(policy, { retryable: false, retryAfterMs: 1_000 }, 1, 0)).toBeNull();
  });

  it('is never earlier than Retry-After, never later than it and the ceiling, and always whole milliseconds', () => {
    // A fixed sequence, so that a failure can be looked at again.
    let state = 1;
    const random = () => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    for (let run = 0; run < 2_000; run++) {
      const failures = 1 + Math.floor(random() * 2_000);
      const retryAfterMs = random() < 0.5 ? undefined : random() * policy.maxRetryAfterMs;
      const unbounded = { ...policy, maxFailures: Number.POSITIVE_INFINITY };
      const delayMs = retryDelayMs(unbounded, { retryable: true, retryAfterMs }, failures, random());
      const least = retryAfterMs ?? 0;
      const ceiling = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (failures - 1));
      expect(delayMs).toBeGreaterThanOrEqual(least);
      expect(delayMs).toBeLessThanOrEqual(Math.ceil(least + ceiling));
      expect(Number.isSafeInteger(delayMs)).toBe(true);
    }
  });

  it('has defaults that nobody can change for everybody', () => {
    expect(Object.isFrozen(defaultRetryPolicy)).toBe(true);
    expect(retryDelayMs(defaultRetryPolicy, passing, 5, 0)).not.toBeNull();
    expect(retryDelayMs(defaultRetryPolicy, passing, 6, 0)).toBeNull();
  });
});
