/**
 * When a lane is dispatched by this process:
 *
 *   1. when somebody asks (`request`); who asks while a dispatch is under way shares the one after it
 *   2. when the last dispatch said that something changes by itself, but not more often than every 50 ms: a limited lane
 *      isn't woken for each job
 */

const MIN_BETWEEN_WAKES_MS = 50;
/** setTimeout's longest is about 24 days; nobody needs to sleep longer than this. */
const MAX_SLEEP_MS = 60_000;

export class DispatchClock {
  /** Dispatches; resolves with the ms until something changes by itself, or null. Doesn't throw. */
  readonly #dispatch: () => Promise<number | null>;
  #underWay = false;
  #again = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];
  /** Who waits for the dispatch that begins next. */
  #waiting: (() => void)[] = [];

  constructor(dispatch: () => Promise<number | null>) {
    this.#dispatch = dispatch;
  }

  request(): void {
    if (this.#closed) return;
    if (this.#underWay) this.#again = true;
    else void this.#run();
  }

  /** Asks for a dispatch; resolves when one that has begun since is over. */
  async dispatched(): Promise<void> {
    if (this.#closed) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      this.request();
    });
  }

  /** No more dispatches; resolves when the last is over. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    if (this.#underWay) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #run(): Promise<void> {
    this.#underWay = true;
    clearTimeout(this.#timer);
    let nextMs: number | null;
    do {
      this.#again = false;
      const waiting = this.#waiting.splice(0);
      nextMs = await this.#dispatch();
      for (const resolve of waiting) resolve();
    } while (this.#again && !this.#closed);
    this.#underWay = false;
    for (const resolve of this.#waiting.splice(0)) resolve();
    for (const resolve of this.#idle.splice(0)) resolve();
    if (nextMs === null || this.#closed) return;
    const sleepMs = Math.min(Math.max(nextMs, MIN_BETWEEN_WAKES_MS), MAX_SLEEP_MS);
    this.#timer = setTimeout(() => this.request(), sleepMs);
    this.#timer.unref();
  }
}
