/**
 * Many deadlines on one timer: a timer for each request costs more than what it guards. A deadline is met up to 200 ms late,
 * never early. The timer runs only while there are deadlines.
 */
const TICK_MS = 100;

export class Deadlines {
  /** What is due in each tick, by the tick's number. */
  readonly #due = new Map<number, Set<() => void>>();
  #timer: NodeJS.Timeout | undefined;
  #tick = 0;

  /** Calls `onDue` once, in `ms` or up to two ticks later. It must not throw. @returns how to call that off */
  after(ms: number, onDue: () => void): () => void {
    if (this.#timer === undefined) {
      this.#tick = tickOf(performance.now());
      // What is to be answered in time has a connection, which keeps the process alive by itself.
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
    // After a pause of the process, all that would have been due in it.
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
