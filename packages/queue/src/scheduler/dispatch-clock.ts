/**
 * When this process dispatches a lane:
 *
 *   1. on request (`request`); all requests during a dispatch share the next one
 *   2. where the caller waits for it (`dispatched`): at the end of the turn of the event loop, once for all callers of that turn
 *   3. when something changes by itself, as the last dispatch said, but at most every 50 ms: a limited lane must not be
 *      dispatched for each job
 */

const MIN_BETWEEN_WAKES_MS = 50;
/** Never sleeps longer than this, in ms. */
const MAX_SLEEP_MS = 60_000;

export class DispatchClock {
  /** Dispatches, and resolves with the ms until something changes by itself, or null. Doesn't throw. */
  readonly #dispatch: () => Promise<number | null>;
  #underWay = 0;
  #again = false;
  /** ms until something changes by itself: the minimum of all dispatches that ran at the same time. */
  #nextMs = Number.POSITIVE_INFINITY;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];
  /** The dispatch at the end of this turn of the event loop. */
  #thisTurn: Promise<void> | null = null;

  constructor(dispatch: () => Promise<number | null>) {
    this.#dispatch = dispatch;
  }

  request(): void {
    if (this.#closed) return;
    if (this.#underWay > 0) this.#again = true;
    else void this.#run();
  }

  /** Resolves when a dispatch is over that begins after this call. Waits for no other dispatch. */
  dispatched(): Promise<void> {
    this.#thisTurn ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      this.#thisTurn = null;
      return this.#closed ? undefined : this.#run();
    });
    return this.#thisTurn;
  }

  /** Begins no more dispatches. Resolves when those under way are over. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    if (this.#underWay > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #run(): Promise<void> {
    if (this.#underWay === 0) this.#nextMs = Number.POSITIVE_INFINITY;
    this.#underWay += 1;
    this.#again = false;
    clearTimeout(this.#timer);
    const nextMs = await this.#dispatch();
    this.#underWay -= 1;
    this.#nextMs = Math.min(this.#nextMs, nextMs ?? Number.POSITIVE_INFINITY);
    if (this.#underWay > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
    if (this.#closed) return;
    if (this.#again) {
      void this.#run();
      return;
    }
    if (this.#nextMs === Number.POSITIVE_INFINITY) return;
    const sleepMs = Math.min(Math.max(this.#nextMs, MIN_BETWEEN_WAKES_MS), MAX_SLEEP_MS);
    this.#timer = setTimeout(() => this.request(), sleepMs);
    this.#timer.unref();
  }
}
