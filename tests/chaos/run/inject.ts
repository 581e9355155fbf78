/** The schedule of a fault. It follows the clock, so that a system that recovers faster isn't hit more often. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Dice } from './dice.ts';

export interface Schedule {
  /** From the start of one injection to the start of the next, in ms: minimum, maximum. A longer injection delays the next. */
  every: readonly [number, number];
  dice: Dice;
  inject: () => Promise<void>;
}

/**
 * The shortest pause between the end of one injection and the start of the next. Without it, on a machine that restarts
 * processes slowly, no process would ever be up long enough to run a job.
 */
const MIN_PAUSE_MS = 1_000;

/** Injects again and again until all jobs are submitted. Returns the number of injections. */
export async function injectUntil(submitted: Promise<void>, { every, dice, inject }: Schedule): Promise<number> {
  let done = false;
  const stop = () => {
    done = true;
  };
  submitted.then(stop, stop);
  let due = performance.now();
  for (let injections = 0; ; injections++) {
    const pause = injections === 0 ? 0 : Math.min(MIN_PAUSE_MS, every[0] / 2);
    due = Math.max(performance.now() + pause, due + dice.between(...every));
    await delay(Math.max(0, due - performance.now()));
    if (done) return injections;
    await inject();
  }
}
