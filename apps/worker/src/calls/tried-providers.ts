/**
 * Providers that failed a job after readers had some of their text. The next attempt asks them last. Owns those of earlier
 * attempts, and the one of this attempt.
 */
import type { TriedProvider } from '@holdfast/core';

export class TriedProviders {
  /** Since an attempt was last delayed. */
  readonly before: readonly TriedProvider[];
  #failedMidway: TriedProvider | null = null;

  constructor(before: readonly TriedProvider[]) {
    this.before = before;
  }

  get failedMidway(): TriedProvider | null {
    return this.#failedMidway;
  }

  failMidway(provider: TriedProvider): void {
    this.#failedMidway = provider;
  }
}
