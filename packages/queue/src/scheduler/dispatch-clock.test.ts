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

  it('dispatches at once for all who wait in the same turn of the event loop, even during another dispatch', async () => {
    const ends: (() => void)[] = [];
    const clock = new DispatchClock(() => new Promise((resolve) => ends.push(() => resolve(null))));
    const over: string[] = [];
    const wait = (name: string) => void clock.dispatched().then(() => over.push(name));
    clock.request();
    wait('first');
    wait('second');
    await jest.advanceTimersByTimeAsync(0);
    wait('third');
    await jest.advanceTimersByTimeAsync(0);
    expect(ends).toHaveLength(3);
    ends[1]?.();
    await jest.advanceTimersByTimeAsync(0);
    expect(over).toEqual(['first', 'second']);
    const closed = clock.close().then(() => over.push('closed'));
    ends[2]?.();
    await jest.advanceTimersByTimeAsync(0);
    expect(over).toEqual(['first', 'second', 'third']);
    ends[0]?.();
    await closed;
    wait('after');
    await jest.advanceTimersByTimeAsync(0);
    expect([ends.length, over.at(-1)]).toEqual([3, 'after']);
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

  it('wakes by the least that was said by those under way together, whichever is over first', async () => {
    const ends: ((nextMs: number | null) => void)[] = [];
    const clock = new DispatchClock(() => new Promise((resolve) => ends.push(resolve)));
    clock.request();
    void clock.dispatched();
    await jest.advanceTimersByTimeAsync(0);
    ends[1]?.(200);
    await jest.advanceTimersByTimeAsync(0);
    ends[0]?.(null);
    await jest.advanceTimersByTimeAsync(199);
    expect(ends).toHaveLength(2);
    await jest.advanceTimersByTimeAsync(1);
    expect(ends).toHaveLength(3);
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
