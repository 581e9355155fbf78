/**
 * Timers of the code under test belong to the scheduler as well: a process of an interleaving that sets one doesn't wait
 * for time to pass, but for the scheduler to say that it has. Which process sets it is known by its asynchronous context.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

interface HeldTimer {
  ms: number;
  ring: () => void;
  unref(): void;
}

export class Timers {
  #set: HeldTimer[] = [];

  /** Runs `work`, and all that comes of it, with timers that are held here. */
  hold<Result>(work: () => Result): Result {
    return current.run(this, work);
  }

  add(timer: HeldTimer): void {
    this.#set.push(timer);
  }

  remove(timer: unknown): void {
    this.#set = this.#set.filter((held) => held !== timer);
  }

  /** How many timers of at most so many ms are set. */
  count(mostMs: number): number {
    return this.#set.filter(({ ms }) => ms <= mostMs).length;
  }

  /** Lets the first of them ring. */
  ring(mostMs: number): void {
    const timer = this.#set.find(({ ms }) => ms <= mostMs);
    this.remove(timer);
    timer?.ring();
  }
}

const current = new AsyncLocalStorage<Timers>();

/** From now on timers that are set within `Timers.hold` are held. Returns what ends it. */
export function holdTimers(): () => void {
  const { setTimeout: realSet, clearTimeout: realClear } = globalThis;
  const held = (ring: () => void, ms = 0, ...rest: unknown[]) => {
    const timers = current.getStore();
    if (!timers) return realSet(ring, ms, ...rest);
    // What it sets in its turn is held as well.
    const timer = { ms, ring: () => timers.hold(ring), unref() {} };
    timers.add(timer);
    return timer;
  };
  const clear = (timer: unknown) => {
    const timers = current.getStore();
    if (timers) timers.remove(timer);
    else realClear(timer as NodeJS.Timeout);
  };
  Object.assign(globalThis, { setTimeout: held, clearTimeout: clear });
  return () => void Object.assign(globalThis, { setTimeout: realSet, clearTimeout: realClear });
}
