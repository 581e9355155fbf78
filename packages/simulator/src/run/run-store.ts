/**
 * Stores runs by name, within bounds: an ended run for 10 minutes, and at most 20,000 ended runs and 200 million characters of them; the
 * oldest are dropped first. Running ones are stored until they end.
 */
import type { Run } from './run.ts';

const RETENTION_MS = 600_000;
const MAX_ENDED = 20_000;
const MAX_ENDED_CHARACTERS = 200_000_000;

export interface StoredRun {
  run: Run;
}

export class RunStore<Stored extends StoredRun> {
  readonly #running = new Map<string, Stored>();
  /** In the order in which they ended. */
  readonly #ended = new Map<string, { stored: Stored; endedAt: number }>();
  readonly #now: () => number;
  #characters = 0;

  /** @param now a clock, in ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#running.size + this.#ended.size;
  }

  /** Stores a run from its start. One that ends `aborted` or `broken` is dropped: it has no answer. */
  async store(name: string, stored: Stored): Promise<void> {
    this.delete(name);
    this.#running.set(name, stored);
    await stored.run.ended;
    if (this.#running.get(name) !== stored) return;
    this.#running.delete(name);
    if (stored.run.state === 'aborted' || stored.run.state === 'broken') return;
    this.#ended.set(name, { stored, endedAt: this.#now() });
    this.#characters += stored.run.size;
    this.#evict();
  }

  get(name: string): Stored | undefined {
    this.#evict();
    return this.#running.get(name) ?? this.#ended.get(name)?.stored;
  }

  /** @returns the run that was stored under the name */
  delete(name: string): Stored | undefined {
    const running = this.#running.get(name);
    this.#running.delete(name);
    const ended = this.#ended.get(name);
    if (ended !== undefined) {
      this.#characters -= ended.stored.run.size;
      this.#ended.delete(name);
    }
    return running ?? ended?.stored;
  }

  #evict(): void {
    for (const [name, { endedAt }] of this.#ended) {
      const tooMuch = this.#ended.size > MAX_ENDED || this.#characters > MAX_ENDED_CHARACTERS;
      if (!tooMuch && endedAt + RETENTION_MS > this.#now()) return;
      this.delete(name);
    }
  }
}
