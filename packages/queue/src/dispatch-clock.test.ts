import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DispatchClock } from './dispatch-clock.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** A clock whose dispatches end when they are told to, with the ms until the next change. */
function heldClock() {
  const ends: ((nextMs: number | null) => void)[] = [];
  const clock = new DispatchClock(() => new Promise((resolve) => ends.push(resolve)));
  const end = async (nextMs: number | null) => {
    ends.at(-1)?.(nextMs);
    await jest.advanceTimersByTimeAsync(0);
  };
  return { clock, end, dispatches: () => ends.length };
}

describe('a dispatch clock', () => {
  it('dispatches once more for all who ask while a dispatch is under way', async () => {
    const { clock, end, dispatches } = heldClock();
    for (let asked = 0; asked < 5; asked += 1) clock.request();
    expect(dispatches()).toBe(1);
    await end(null);
    expect(dispatches()).toBe(2);
    await end(null);
    expect(dispatches()).toBe(2);
  });

  it('tells who waits when a dispatch that began after they asked is over', async () => {
    const { clock, end } = heldClock();
    const over: string[] = [];
    void clock.dispatched().then(() => over.push('first'));
    void clock.dispatched().then(() => over.push('second'));
    await end(null);
    expect(over).toEqual(['first']);
    await end(null);
    expect(over).toEqual(['first', 'second']);
    void clock.dispatched().then(() => over.push('third'));
    void clock.close();
    await end(null);
    await clock.dispatched();
    expect(over).toEqual(['first', 'second', 'third']);
  });

  it('wakes when something changes by itself, but not for every few ms', async () => {
    const { clock, end, dispatches } = heldClock();
    clock.request();
    await end(1);
    await jest.advanceTimersByTimeAsync(49);
    expect(dispatches()).toBe(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(dispatches()).toBe(2);
    await end(900);
    await jest.advanceTimersByTimeAsync(899);
    expect(dispatches()).toBe(2);
    await jest.advanceTimersByTimeAsync(1);
    expect(dispatches()).toBe(3);
  });

  it('closes when the dispatch under way is over, and dispatches no more', async () => {
    const { clock, end, dispatches } = heldClock();
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
    expect(dispatches()).toBe(1);
  });
});
