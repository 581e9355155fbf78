/**
 * Watches jobs from outside, twenty times a second, and measures how long each that was hit made no progress.
 *
 *   taken over  from the last sight of progress in one run of the job to the first token of the next run
 *   marked      from a fault that hits every job under way, to the next progress of each of them
 *
 * A silence is measured to within two looks. Silences include what the job would have been silent for anyway.
 */
import { setTimeout as delay } from 'node:timers/promises';

export interface Sight {
  ended: boolean;
  /** Tells one run of the job from the next; 0 before the first. */
  run: number;
  /** Grows with everything that is stored of the job. */
  progress: number;
}

interface Watched extends Sight {
  changedAt: number;
  /** What the job waits for: any progress beyond this. */
  silent: { since: number; beyond: number } | null;
}

const LOOK_EVERY_MS = 50;
/** The oldest of those open. Where more are open the others still wait for a worker, or have one and are seen later. */
const MOST_LOOKED_AT = 500;

export interface WatchOptions {
  /** Sights of these jobs, in their order; null for one that isn't there. */
  look: (ids: readonly string[]) => Promise<(Sight | null)[]>;
  /** What a new run stores before its first token. */
  preamble: number;
}

export class Watch {
  /** In ms. */
  readonly silences: number[] = [];
  readonly #options: WatchOptions;
  readonly #open = new Map<string, Watched>();
  readonly #stop = new AbortController();
  #watching: Promise<void> | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  get open(): number {
    return this.#open.size;
  }

  add(id: string): void {
    this.#open.set(id, { ended: false, run: 0, progress: 0, changedAt: performance.now(), silent: null });
  }

  /** A fault that hits everything: every job that has begun is silent from now on. */
  mark(): void {
    const since = performance.now();
    for (const watched of this.#open.values()) {
      if (watched.run !== 0) watched.silent ??= { since, beyond: watched.progress };
    }
  }

  start(): void {
    this.#watching = this.#watch();
    // Told by `stop`; not as an error that nobody caught.
    this.#watching.catch(() => undefined);
  }

  /** Rejects where looking has failed. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const ids = [...this.#open.keys()].slice(0, MOST_LOOKED_AT);
      const sights = await this.#options.look(ids);
      ids.forEach((id, at) => {
        this.#take(id, sights[at] ?? null);
      });
      await delay(LOOK_EVERY_MS);
    }
  }

  #take(id: string, sight: Sight | null): void {
    const before = this.#open.get(id);
    if (!before || !sight) return;
    const now = performance.now();
    let { silent, changedAt } = before;
    if (before.run !== 0 && sight.run !== before.run && silent === null) {
      silent = { since: changedAt, beyond: before.progress + this.#options.preamble };
    }
    if (silent !== null && sight.progress > silent.beyond) {
      this.silences.push(now - silent.since);
      silent = null;
    }
    if (sight.progress !== before.progress) changedAt = now;
    if (sight.ended) this.#open.delete(id);
    else this.#open.set(id, { ...sight, changedAt, silent });
  }
}
