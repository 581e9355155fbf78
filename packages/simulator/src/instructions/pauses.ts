/** Pauses: `pause_after` holds answers in the middle until somebody ends the pauses of their case. */

export class Pauses {
  /** By case. Once resolved, later calls of the case do not pause either. */
  readonly #ends = new Map<string, PromiseWithResolvers<void>>();

  /** Resolves once the pauses of the case have ended. Never rejects. */
  endOf(caseName: string): Promise<void> {
    return this.#of(caseName).promise;
  }

  /** Ends the pauses of a case: those of answers that are held now, and of later ones. */
  end(caseName: string): void {
    this.#of(caseName).resolve();
  }

  #of(caseName: string): PromiseWithResolvers<void> {
    const end = this.#ends.get(caseName) ?? Promise.withResolvers<void>();
    this.#ends.set(caseName, end);
    return end;
  }
}
