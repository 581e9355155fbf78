import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
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

it('counts two signals that come together as one, and ends at once on a later one', () => {
  const stops: (number | undefined)[] = [];
  const stack = {
    stop(graceMs?: number) {
      stops.push(graceMs);
      return new Promise<void>(() => undefined);
    },
  };
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
