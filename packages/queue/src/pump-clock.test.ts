import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PumpClock } from './pump-clock.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** A clock whose pumps end when they are told to, with the ms until the next change. */
function heldClock() {
  const ends: ((nextMs: number | null) => void)[] = [];
  const clock = new PumpClock(() => new Promise((resolve) => ends.push(resolve)));
  const end = async (nextMs: number | null) => {
    ends.at(-1)?.(nextMs);
    await jest.advanceTimersByTimeAsync(0);
  };
  return { clock, end, pumps: () => ends.length };
}

describe('a pump clock', () => {
  it('pumps once more for all who ask while a pump is under way', async () => {
    const { clock, end, pumps } = heldClock();
    for (let asked = 0; asked < 5; asked += 1) clock.request();
    expect(pumps()).toBe(1);
    await end(null);
    expect(pumps()).toBe(2);
    await end(null);
    expect(pumps()).toBe(2);
  });

  it('wakes when something changes by itself, but not for every few ms', async () => {
    const { clock, end, pumps } = heldClock();
    clock.request();
    await end(1);
    await jest.advanceTimersByTimeAsync(49);
    expect(pumps()).toBe(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(pumps()).toBe(2);
    await end(900);
    await jest.advanceTimersByTimeAsync(899);
    expect(pumps()).toBe(2);
    await jest.advanceTimersByTimeAsync(1);
    expect(pumps()).toBe(3);
  });

  it('closes when the pump under way is over, and pumps no more', async () => {
    const { clock, end, pumps } = heldClock();
    clock.request();
    clock.request();
    let closed = false;
    const closing = clock.close().then(() => {
      closed = true;
    });
    await jest.advanceTimersByTimeAsync(0);
    expect(closed).toBe(false);
    await end(5);
    await closing;
    clock.request();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(pumps()).toBe(1);
  });
});
