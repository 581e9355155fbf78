/** The schedule of a fault: by the clock, so that whoever recovers faster isn't hit more often. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Dice } from './dice.ts';

export interface Schedule {
  /** From the start of one injection to the start of the next, in ms: from, to. One that lasts longer delays the next. */
  every: readonly [number, number];
  dice: Dice;
  inject: () => Promise<void>;
}

/**
 * Between the end of one injection and the start of the next, where the clock allows less: on a machine that needs long
 * to start what was killed, nothing would ever be up to get on with the load.
 */
const BREATH_MS = 1_000;

/** Injects again and again until the load is done; returns how often. */
export async function injectUntil(loadDone: Promise<void>, { every, dice, inject }: Schedule): Promise<number> {
  let over = false;
  const stop = () => {
    over = true;
  };
  loadDone.then(stop, stop);
  let due = performance.now();
  for (let injections = 0; ; injections++) {
    const breath = injections === 0 ? 0 : Math.min(BREATH_MS, every[0] / 2);
    due = Math.max(performance.now() + breath, due + dice.between(...every));
    await delay(Math.max(0, due - performance.now()));
    if (over) return injections;
    await inject();
  }
}
