/**
 * The queue in memory, in place of BullMQ, with the liberties that BullMQ takes:
 *
 *   waiting ──deliver──▶ active ──acknowledge──▶ done (kept for a while: its number isn't taken again)
 *      ▲                   │
 *      └──stall, throw─────┘      lose(): all of it is gone
 *
 * A release that stalled is delivered again while its first worker may still be at it; that one's acknowledgement no
 * longer counts. Delays are not kept: a release may come at any time after it was handed over.
 */
import type { Outcome, Release } from '@holdfast/core';

interface Entry {
  jobId: string;
  release: number;
  state: 'waiting' | 'active' | 'done';
  /** Which delivery holds it. */
  delivery: number;
}

export interface Delivery {
  jobId: string;
  release: number;
  number: number;
}

type ReleaseName = Pick<Release, 'jobId' | 'release'>;

const nameOf = ({ jobId, release }: ReleaseName) => `${jobId}.${release}`;

export class ModelQueue {
  readonly #entries = new Map<string, Entry>();
  #deliveries = 0;

  add({ jobId, release }: ReleaseName): void {
    const name = nameOf({ jobId, release });
    if (!this.#entries.has(name)) this.#entries.set(name, { jobId, release, state: 'waiting', delivery: 0 });
  }

  remove(name: ReleaseName): void {
    if (this.#entries.get(nameOf(name))?.state === 'waiting') this.#entries.delete(nameOf(name));
  }

  unknown(names: readonly ReleaseName[]): Set<string> {
    const held = (name: ReleaseName) => (this.#entries.get(nameOf(name))?.state ?? 'done') !== 'done';
    return new Set(names.filter((name) => !held(name)).map(({ jobId }) => jobId));
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
    return { jobId: entry.jobId, release: entry.release, number: this.#deliveries };
  }

  acknowledge(delivery: Delivery, outcome: Outcome['kind'] | 'threw'): void {
    const entry = this.#entries.get(nameOf(delivery));
    if (entry?.state !== 'active' || entry.delivery !== delivery.number) return;
    entry.state = outcome === 'threw' ? 'waiting' : 'done';
  }

  /** Its lock has run out. Returns the delivery that lost it. */
  stall(at: number): number | null {
    const entry = [...this.#entries.values()].filter(({ state }) => state === 'active')[at];
    if (!entry) return null;
    entry.state = 'waiting';
    return entry.delivery;
  }

  lose(): void {
    this.#entries.clear();
  }
}
