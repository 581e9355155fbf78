/**
 * A queue in memory, in place of BullMQ. It does everything that BullMQ may do:
 *
 *   waiting ──deliver──▶ active ──acknowledge──▶ ended (its name can't be added again)
 *      ▲                   │
 *      └──stall, throw─────┘      lose(): everything is deleted
 *
 * A stalled release is delivered again while its first worker may still run it. The first worker's acknowledgement is then
 * ignored. Releases are delivered in any order.
 */
import type { ReleaseName } from '@holdfast/core';

interface Entry extends ReleaseName {
  lane: string;
  state: 'waiting' | 'active' | 'ended';
  /** The number of the delivery that holds its lock. */
  delivery: number;
}

export interface Delivery extends ReleaseName {
  lane: string;
  number: number;
}

const nameOf = (lane: string, { jobId, release }: ReleaseName) => `${lane} ${jobId}.${release}`;

export class ModelQueue {
  readonly #entries = new Map<string, Entry>();
  #deliveries = 0;

  add(lane: string, { jobId, release }: ReleaseName): void {
    const name = nameOf(lane, { jobId, release });
    if (!this.#entries.has(name)) this.#entries.set(name, { lane, jobId, release, state: 'waiting', delivery: 0 });
  }

  remove(lane: string, release: ReleaseName): void {
    const name = nameOf(lane, release);
    if (this.#entries.get(name)?.state === 'waiting') this.#entries.delete(name);
  }

  stateOf(lane: string, release: ReleaseName): 'held' | 'ended' | 'missing' {
    const entry = this.#entries.get(nameOf(lane, release));
    if (!entry) return 'missing';
    return entry.state === 'ended' ? 'ended' : 'held';
  }

  count(state: Entry['state']): number {
    let found = 0;
    for (const entry of this.#entries.values()) if (entry.state === state) found += 1;
    return found;
  }

  deliver(at: number): Delivery | null {
    const entry = [...this.#entries.values()].filter(({ state }) => state === 'waiting')[at];
    if (!entry) return null;
    this.#deliveries += 1;
    entry.state = 'active';
    entry.delivery = this.#deliveries;
    const { lane, jobId, release } = entry;
    return { lane, jobId, release, number: this.#deliveries };
  }

  /** @param isOver false: the release will be delivered again */
  acknowledge(delivery: Delivery, isOver: boolean): void {
    const entry = this.#entries.get(nameOf(delivery.lane, delivery));
    if (entry?.state !== 'active' || entry.delivery !== delivery.number) return;
    entry.state = isOver ? 'ended' : 'waiting';
  }

  /** Lets a lock run out. Returns the number of the delivery that had it. */
  stall(at: number): number | null {
    const entry = [...this.#entries.values()].filter(({ state }) => state === 'active')[at];
    if (!entry) return null;
    entry.state = 'waiting';
    return entry.delivery;
  }

  /** An admin removes a waiting release in Bull Board, or marks it as ended. */
  tamper(at: number, how: 'removed' | 'ended'): void {
    const [name, entry] = [...this.#entries].filter(([, { state }]) => state === 'waiting')[at] ?? [];
    if (name === undefined || !entry) return;
    if (how === 'ended') entry.state = 'ended';
    else this.#entries.delete(name);
  }

  lose(): void {
    this.#entries.clear();
  }
}
