import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Deadlines } from './deadlines.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('deadlines', () => {
  it('are called once each, in their order, never early and at most 200 ms late', () => {
    const deadlines = new Deadlines();
    const began = performance.now();
    const called: { ms: number; after: number }[] = [];
    for (const ms of [450, 0, 250, 120]) {
      deadlines.after(ms, () => called.push({ ms, after: performance.now() - began }));
    }
    jest.advanceTimersByTime(10_000);
    expect(called.map(({ ms }) => ms)).toEqual([0, 120, 250, 450]);
    for (const { ms, after } of called) {
      expect(after).toBeGreaterThanOrEqual(ms);
      expect(after).toBeLessThanOrEqual(ms + 200);
    }
  });

  it('that are called off never come, and others of the same moment do', () => {
    const deadlines = new Deadlines();
    const called: string[] = [];
    const callOff = deadlines.after(50, () => called.push('off'));
    deadlines.after(50, () => called.push('on'));
    callOff();
    jest.advanceTimersByTime(1_000);
    expect(called).toEqual(['on']);
    // The timer has ended meanwhile, and begins again.
    expect(jest.getTimerCount()).toBe(0);
    deadlines.after(10, () => called.push('again'));
    jest.advanceTimersByTime(1_000);
    expect(called).toEqual(['on', 'again']);
  });
});
