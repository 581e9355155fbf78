/**
 * The attempts under way in this process, and the orders that reach them from outside:
 *
 *   cancel   published on the control channel; after a gap in the subscription the records are asked
 *   drain    given when the process's time to finish is over; at once to those that lose nothing by it
 */
import type { Journal, LiveFeed } from '@holdfast/journal';
import type { StopOrder } from './stop-order.ts';

export class RunningAttempts {
  readonly #orders = new Map<string, StopOrder>();

  get size(): number {
    return this.#orders.size;
  }

  /** Returns what ends the listing. */
  add(jobId: string, order: StopOrder): () => void {
    this.#orders.set(jobId, order);
    return () => {
      if (this.#orders.get(jobId) === order) this.#orders.delete(jobId);
    };
  }

  drain(): void {
    for (const order of this.#orders.values()) order.give('draining');
  }

  /** Those that another worker can go on with where they are. */
  handOver(): void {
    for (const order of this.#orders.values()) if (order.canBeTakenUp) order.give('draining');
  }

  /** Obeys cancels from now on. Resolves once they are heard. */
  async listen(journal: Journal, feed: LiveFeed): Promise<() => void> {
    return feed.subscribe(journal.cell.keys.control, {
      onMessage: (message) => this.#orders.get(message.toString())?.give('cancelled'),
      onGap: () => void this.#askAll(journal),
    });
  }

  async #askAll(journal: Journal): Promise<void> {
    const ids = [...this.#orders.keys()];
    // Should this fail, the reply to the attempt's next append says it as well.
    const asked = await journal.cancelRequested(ids).catch(() => []);
    ids.forEach((id, at) => {
      if (asked[at]) this.#orders.get(id)?.give('cancelled');
    });
  }
}
