/**
 * The attempts that run in this process, and what stops them from outside:
 *
 *   cancel   published on the control channel; after a gap in the subscription the records are read
 *   drain    when the process's time to finish is over; at once for those that lose nothing by it
 */
import { type Journal, type LiveFeed, subscribeToCancels } from '@holdfast/journal';
import type { StopSignal } from './stop-signal.ts';

export class RunningAttempts {
  readonly #stops = new Map<string, StopSignal>();

  get size(): number {
    return this.#stops.size;
  }

  /** @returns what removes it */
  add(jobId: string, stop: StopSignal): () => void {
    this.#stops.set(jobId, stop);
    return () => {
      if (this.#stops.get(jobId) === stop) this.#stops.delete(jobId);
    };
  }

  drain(): void {
    for (const stop of this.#stops.values()) stop.stop('draining');
  }

  /** Stops those that another worker can resume where they are. */
  handOver(): void {
    for (const stop of this.#stops.values()) if (stop.canBeResumed) stop.stop('draining');
  }

  /** Stops cancelled attempts from now on. Resolves once it is subscribed. */
  async listen(journal: Journal, feed: LiveFeed): Promise<() => void> {
    return subscribeToCancels(journal, feed, {
      onCancel: (jobId) => this.#stops.get(jobId)?.stop('cancelled'),
      onGap: () => void this.#askAll(journal),
    });
  }

  async #askAll(journal: Journal): Promise<void> {
    const ids = [...this.#stops.keys()];
    // Should this fail, the reply to the attempt's next append says it as well.
    const asked = await journal.cancelRequested(ids).catch(() => []);
    ids.forEach((id, at) => {
      if (asked[at]) this.#stops.get(id)?.stop('cancelled');
    });
  }
}
