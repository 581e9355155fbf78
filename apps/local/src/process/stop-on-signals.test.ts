import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { stopOnSignals } from './stop-on-signals.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const listeners = () => new Map(signals.map((signal) => [signal, process.listeners(signal)]));
let before: ReturnType<typeof listeners>;
beforeEach(() => {
  before = listeners();
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
  for (const [signal, added] of listeners()) {
    for (const one of added) if (!before.get(signal)?.includes(one)) process.off(signal, one);
  }
});

/** A stack that is never done with stopping. `stops` has the grace of each call. */
function openStack() {
  const stops: (number | undefined)[] = [];
  const stop = (graceMs?: number) => {
    stops.push(graceMs);
    return new Promise<void>(() => undefined);
  };
  return { stops, stack: { stop } };
}

it('counts two signals that come together as one, and ends at once on a later one', () => {
  const { stops, stack } = openStack();
  const stopping = stopOnSignals({ stack, say: () => undefined, watchParent: false });
  expect(stopping.aborted).toBe(false);
  process.emit('SIGINT');
  expect(stopping.aborted).toBe(true);
  jest.advanceTimersByTime(600);
  process.emit('SIGTERM');
  expect(stops).toEqual([undefined]);
  jest.advanceTimersByTime(200);
  process.emit('SIGINT');
  expect(stops).toEqual([undefined, 0]);
});

describe('the end of the parent process', () => {
  const { ppid } = process;
  const setParent = (value: number) => Object.defineProperty(process, 'ppid', { value, configurable: true });
  afterEach(() => void setParent(ppid));

  it('counts as the first signal', () => {
    const { stops, stack } = openStack();
    stopOnSignals({ stack, say: () => undefined, watchParent: true });
    jest.advanceTimersByTime(2_000);
    expect(stops).toEqual([]);
    setParent(1);
    jest.advanceTimersByTime(2_000);
    expect(stops).toEqual([undefined]);
  });

  it('never counts as the second, which would end everything at once', () => {
    const { stops, stack } = openStack();
    stopOnSignals({ stack, say: () => undefined, watchParent: true });
    process.emit('SIGINT');
    jest.advanceTimersByTime(1_000);
    setParent(1);
    jest.advanceTimersByTime(2_000);
    expect(stops).toEqual([undefined]);
  });
});
