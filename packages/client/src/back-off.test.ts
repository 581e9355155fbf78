import { describe, expect, it } from '@jest/globals';
import { backOffMs, retryAfterMsOf, sleep } from './back-off.ts';

const options = { baseDelayMs: 100, maxDelayMs: 1_000 };

describe('backOffMs', () => {
  it('doubles its upper bound with each failure, up to the longest delay', () => {
    const ceilings = [1, 2, 3, 4, 5, 99].map((failures) => backOffMs(options, failures, null, 1));
    expect(ceilings).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it('spreads delays from 0 to the bound', () => {
    expect([0, 0.25, 0.5].map((random) => backOffMs(options, 3, null, random))).toEqual([0, 100, 200]);
  });

  it('never returns before the Retry-After', () => {
    expect(backOffMs(options, 1, 5_000, 0)).toBe(5_000);
    expect(backOffMs(options, 1, 5_000, 0.5)).toBe(5_050);
  });
});

describe('retryAfterMsOf', () => {
  it('reads seconds and dates', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(retryAfterMsOf('2', now)).toBe(2_000);
    expect(retryAfterMsOf('Thu, 01 Jan 2026 00:00:03 GMT', now)).toBe(3_000);
    expect(retryAfterMsOf('Thu, 01 Jan 2025 00:00:00 GMT', now)).toBe(0);
  });

  it('reads nothing from a header that is missing or unreadable', () => {
    expect(retryAfterMsOf(null, 0)).toBeNull();
    expect(retryAfterMsOf('soon', 0)).toBeNull();
  });
});

describe('sleep', () => {
  it('ends with the reason of the signal when it is aborted, before or in between', async () => {
    const controller = new AbortController();
    const sleeping = sleep(60_000, controller.signal);
    controller.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
    await expect(sleep(60_000, controller.signal)).rejects.toThrow('enough');
  });
});
