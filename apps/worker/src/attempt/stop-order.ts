/** Why an attempt has to stop. The first reason counts: a cancelled job whose deadline passes meanwhile was cancelled. */
export type StopReason =
  | 'cancelled' // its client asked for it
  | 'deadline' // the job's time is over
  | 'overtaken' // another worker has the job, or may have it: nothing may be written any more
  | 'undone' // a failover has undone what it wrote: nothing may be written any more, and nobody else need have the job
  | 'draining' // this process is stopping
  | 'yielding'; // its provider may not be called for this tenant now, and others wait for what it holds

export class StopOrder {
  readonly #controller = new AbortController();
  #reason: StopReason | null = null;

  /** Nothing is lost by stopping now: what the provider has begun can be taken up by another worker. */
  canBeTakenUp = false;

  /** Aborts with the order; hand it to whatever the attempt waits for. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get reason(): StopReason | null {
    return this.#reason;
  }

  give(reason: StopReason): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    this.#controller.abort(new Error(`attempt stopped: ${reason}`));
  }
}
