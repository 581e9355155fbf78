/** Pauses: answers that `pause_after` holds in the middle, until their case is told to go on. */

export class Pauses {
  /** By case; one that is resolved lets all later calls of its case go on, too. */
  readonly #ends = new Map<string, PromiseWithResolvers<void>>();

  /** Resolved once the case was told to go on. Never rejected. */
  endOf(caseName: string): Promise<void> {
    return this.#of(caseName).promise;
  }

  /** For the answers that are paused now, and for those that would be later. */
  end(caseName: string): void {
    this.#of(caseName).resolve();
  }

  #of(caseName: string): PromiseWithResolvers<void> {
    const end = this.#ends.get(caseName) ?? Promise.withResolvers<void>();
    this.#ends.set(caseName, end);
    return end;
  }
}
