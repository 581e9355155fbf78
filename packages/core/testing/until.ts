/** Waiting in tests: for a condition, never for a time. */
import { setTimeout as delay } from 'node:timers/promises';

/** Only a test that fails waits so long: a busy machine must not come near it. */
const GIVES_UP_AFTER_MS = 60_000;
/** A look costs the machine something, and who has waited for long can wait a little more. */
const [SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS] = [5, 50];

/**
 * Waits until `check` gives something truthy; a check that throws is made again.
 *
 * @param ms after so long it is given up; to be named only where giving up is what is counted
 * @throws Error naming what was waited for, and what came last
 */
export async function until<Value>(
  what: string,
  check: () => Promise<Value> | Value,
  ms = GIVES_UP_AFTER_MS,
): Promise<NonNullable<Value>> {
  const began = performance.now();
  const waited = () => performance.now() - began;
  let last: unknown;
  while (waited() < ms) {
    try {
      const value = await check();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    await delay(Math.min(Math.max(waited() / 10, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS));
  }
  const came = last instanceof Error ? last.message : JSON.stringify(last);
  throw new Error(`${what}: not within ${ms} ms (last: ${came})`, { cause: last });
}
