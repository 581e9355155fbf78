/**
 * Many deadlines on one timer, since a timer for each request costs too much. A deadline may fire up to 200 ms late, and never early.
 * The timer runs only while there are deadlines.
 */
const TICK_MS = 100;

export class Deadlines {
  /** The callbacks of each tick, by its number. */
  readonly #due = new Map<number, Set<() => void>>();
  #timer: NodeJS.Timeout | undefined;
  #tick = 0;

  /** Calls `onDue` once, after `ms` or up to two ticks later. It must not throw. @returns a function that cancels it */
  after(ms: number, onDue: () => void): () => void {
    if (this.#timer === undefined) {
      this.#tick = tickOf(performance.now());
      // Requests with a deadline have a connection, which keeps the process alive.
      this.#timer = setInterval(() => this.#callDue(), TICK_MS).unref();
    }
    const tick = tickOf(performance.now() + ms) + 1;
    const due = this.#due.get(tick) ?? new Set();
    if (due.size === 0) this.#due.set(tick, due);
    due.add(onDue);
    return () => {
      due.delete(onDue);
    };
  }

  #callDue(): void {
    // After a pause of the process, all ticks of the pause are due.
    for (const now = tickOf(performance.now()); this.#tick <= now; this.#tick += 1) {
      const due = this.#due.get(this.#tick);
      this.#due.delete(this.#tick);
      for (const onDue of due ?? []) onDue();
    }
    if (this.#due.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function tickOf(ms: number): number {
  return Math.floor(ms / TICK_MS);
}
