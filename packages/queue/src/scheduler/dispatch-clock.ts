/**
 * When a lane is dispatched by this process:
 *
 *   1. when somebody asks (`request`); who asks while a dispatch is under way shares the one after it
 *   2. when somebody waits for it (`dispatched`): at the end of the turn of the event loop, for all who ask in it
 *   3. when the last dispatch said that something changes by itself, but not more often than every 50 ms: a limited lane
 *      isn't woken for each job
 */

const MIN_BETWEEN_WAKES_MS = 50;
/** setTimeout's longest is about 24 days; nobody needs to sleep longer than this. */
const MAX_SLEEP_MS = 60_000;

export class DispatchClock {
  /** Dispatches; resolves with the ms until something changes by itself, or null. Doesn't throw. */
  readonly #dispatch: () => Promise<number | null>;
  #underWay = 0;
  #again = false;
  /** ms until something changes by itself: the least that those have said which were under way together. */
  #nextMs = Number.POSITIVE_INFINITY;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];
  /** What begins at the end of this turn of the event loop. */
  #thisTurn: Promise<void> | null = null;

  constructor(dispatch: () => Promise<number | null>) {
    this.#dispatch = dispatch;
  }

  request(): void {
    if (this.#closed) return;
    if (this.#underWay > 0) this.#again = true;
    else void this.#run();
  }

  /** Resolves when a dispatch that has begun since is over; it waits for no other. */
  dispatched(): Promise<void> {
    this.#thisTurn ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      this.#thisTurn = null;
      return this.#closed ? undefined : this.#run();
    });
    return this.#thisTurn;
  }

  /** No more dispatches; resolves when those under way are over. */
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
