/**
 * Stepped timers: a timer of the code under test fires when the interleaving says so, not when time has passed. The
 * asynchronous context tells which process has set it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

interface SteppedTimer {
  ms: number;
  fire: () => void;
  unref(): void;
}

export class Timers {
  #set: SteppedTimer[] = [];

  /** Runs `work`; its timers, and those of everything that it starts, belong to this object. */
  run<Result>(work: () => Result): Result {
    return current.run(this, work);
  }

  add(timer: SteppedTimer): void {
    this.#set.push(timer);
  }

  remove(timer: unknown): void {
    this.#set = this.#set.filter((other) => other !== timer);
  }

  /** The number of set timers of at most `maxMs`. */
  count(maxMs: number): number {
    return this.#set.filter(({ ms }) => ms <= maxMs).length;
  }

  /** Fires the first of them. */
  fire(maxMs: number): void {
    const timer = this.#set.find(({ ms }) => ms <= maxMs);
    this.remove(timer);
    timer?.fire();
  }
}

const current = new AsyncLocalStorage<Timers>();

/** From now on timers that are set within `Timers.run` are stepped. Returns a function that restores the real timers. */
export function stepTimers(): () => void {
  const { setTimeout: realSet, clearTimeout: realClear } = globalThis;
  const stepped = (fire: () => void, ms = 0, ...rest: unknown[]) => {
    const timers = current.getStore();
    if (!timers) return realSet(fire, ms, ...rest);
    // Timers that the callback sets are stepped too.
    const timer = { ms, fire: () => timers.run(fire), unref() {} };
    timers.add(timer);
    return timer;
  };
  const clear = (timer: unknown) => {
    const timers = current.getStore();
    if (timers) timers.remove(timer);
    else realClear(timer as NodeJS.Timeout);
  };
  Object.assign(globalThis, { setTimeout: stepped, clearTimeout: clear });
  return () => void Object.assign(globalThis, { setTimeout: realSet, clearTimeout: realClear });
}
