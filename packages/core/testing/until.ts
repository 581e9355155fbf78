/** Waiting in tests: for a condition, never for a time. */
import { setTimeout as delay } from 'node:timers/promises';

/** Only a test that fails waits this long. A busy machine must not come near it. */
const GIVES_UP_AFTER_MS = 60_000;
/** Each check costs something, so the pauses grow with the wait. */
const [MIN_PAUSE_MS, MAX_PAUSE_MS] = [5, 50];

/**
 * Waits until `check` returns something truthy; a check that throws is tried again.
 *
 * @param ms how long to wait; set it only where the test counts that nothing comes
 * @throws Error that names `what`, and the last value or error
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
    await delay(Math.min(Math.max(waited() / 10, MIN_PAUSE_MS), MAX_PAUSE_MS));
  }
  const came = last instanceof Error ? last.message : JSON.stringify(last);
  throw new Error(`${what}: not within ${ms} ms (last: ${came})`, { cause: last });
}
