/** Why an attempt has to stop. The first reason counts: a cancelled job whose deadline passes meanwhile was cancelled. */
export type StopReason =
  | 'cancelled' // its client asked for it
  | 'deadline' // the job's time is over
  | 'fenced' // another worker has the job, or may have it: this attempt may write nothing more
  | 'rolled_back' // a failover lost what this attempt wrote: it may write nothing more, and its release is run again
  | 'draining' // this process is stopping
  | 'yielding'; // its provider can't be called for this tenant now, and other jobs wait for its place

/** Stops one attempt, from outside or from inside. Owns the reason; does nothing about it. */
export class StopSignal {
  readonly #controller = new AbortController();
  #reason: StopReason | null = null;

  /** Nothing is lost by stopping now: another worker can resume what the provider has begun. */
  canBeResumed = false;

  /** Aborts when the attempt is stopped. Pass it to everything that the attempt waits for. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** null: the attempt goes on. */
  get reason(): StopReason | null {
    return this.#reason;
  }

  stop(reason: StopReason): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    this.#controller.abort(new Error(`attempt stopped: ${reason}`));
  }
}
