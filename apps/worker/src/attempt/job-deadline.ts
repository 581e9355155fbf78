/** The deadline of a job, as one of its attempts sees it. */
import { MAX_TIMER_MS } from '@holdfast/core';

export class JobDeadline {
  readonly #leftAtStartMs: number;
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout | undefined;

  /** @param deadlineInMs from now; negative when it has passed; null without one. @param onPassed never called for one that has passed */
  constructor(deadlineInMs: number | null, onPassed: () => void) {
    this.#leftAtStartMs = deadlineInMs ?? Number.POSITIVE_INFINITY;
    if (deadlineInMs === null || deadlineInMs <= 0) return;
    this.#timer = setTimeout(onPassed, Math.min(deadlineInMs, MAX_TIMER_MS));
  }

  get hasPassed(): boolean {
    return this.#leftAtStartMs <= 0;
  }

  /** ms; `Infinity` without a deadline. */
  get leftMs(): number {
    return this.#leftAtStartMs - (performance.now() - this.#startedAt);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
