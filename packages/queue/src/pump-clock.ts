/**
 * When a lane is pumped by this process:
 *
 *   1. when somebody asks (`request`); who asks while a pump is under way shares the one after it
 *   2. when the last pump said that something changes by itself, but not more often than every 50 ms: a limited lane
 *      isn't woken for each job
 */

const LEAST_BETWEEN_WAKES_MS = 50;
/** setTimeout's longest is about 24 days; nobody needs to sleep longer than this. */
const LONGEST_SLEEP_MS = 60_000;

export class PumpClock {
  /** Pumps; resolves with the ms until something changes by itself, or null. Doesn't throw. */
  readonly #pump: () => Promise<number | null>;
  #underWay = false;
  #again = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];

  constructor(pump: () => Promise<number | null>) {
    this.#pump = pump;
  }

  request(): void {
    if (this.#closed) return;
    if (this.#underWay) this.#again = true;
    else void this.#run();
  }

  /** No more pumps; resolves when the last is over. */
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
      nextMs = await this.#pump();
    } while (this.#again && !this.#closed);
    this.#underWay = false;
    for (const resolve of this.#idle.splice(0)) resolve();
    if (nextMs === null || this.#closed) return;
    const sleepMs = Math.min(Math.max(nextMs, LEAST_BETWEEN_WAKES_MS), LONGEST_SLEEP_MS);
    this.#timer = setTimeout(() => this.request(), sleepMs);
    this.#timer.unref();
  }
}
