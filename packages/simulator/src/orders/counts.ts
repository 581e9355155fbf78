/** Counts calls by case: what a test asks afterwards to know what was really called and paid. */

/** Cases that are kept; the oldest are forgotten, the totals are not. */
const MAX_CASES = 100_000;

export interface Count {
  /** Requests for an answer, those that were refused or broke included. Retrieves and idempotent replays are none. */
  calls: number;
  /** Answers that were generated whole. */
  completed: number;
  /** Answers that were stopped because the client went away or cancelled. */
  aborted: number;
  /** Readers that went away from an answer that was generated on without them. */
  left: number;
  /** Output tokens that were generated. */
  tokens: number;
  /** Most answers that were being generated at once. */
  peak: number;
}

/** Stands for all cases; no case is named so. */
const ALL = '\0';

const zero = (): Count => ({ calls: 0, completed: 0, aborted: 0, left: 0, tokens: 0, peak: 0 });

export class Counts {
  readonly #cases = new Map<string, Count>();
  #totals = zero();
  /** Answers under way, by case. */
  readonly #running = new Map<string, number>();

  /** @returns how many calls the case has had, this one included */
  addCall(caseName: string): number {
    this.#add(caseName, 'calls', 1);
    return this.#of(caseName).calls;
  }

  addTokens(caseName: string, tokens: number): void {
    this.#add(caseName, 'tokens', tokens);
  }

  addLeft(caseName: string): void {
    this.#add(caseName, 'left', 1);
  }

  addEnd(caseName: string, end: 'completed' | 'aborted'): void {
    this.#add(caseName, end, 1);
  }

  /** A copy; zeros for a case that isn't known. */
  get(caseName: string): Count {
    return { ...(this.#cases.get(caseName) ?? zero()) };
  }

  totals(): Count {
    return { ...this.#totals };
  }

  reset(): void {
    this.#cases.clear();
    this.#totals = zero();
  }

  /** An answer begins. Returns what is to be called when it is over. */
  begin(caseName: string): () => void {
    const names = [caseName, ALL];
    for (const name of names) {
      const running = (this.#running.get(name) ?? 0) + 1;
      this.#running.set(name, running);
      const count = name === ALL ? this.#totals : this.#of(name);
      count.peak = Math.max(count.peak, running);
    }
    return () => {
      for (const name of names) {
        const running = (this.#running.get(name) ?? 0) - 1;
        if (running > 0) this.#running.set(name, running);
        else this.#running.delete(name);
      }
    };
  }

  #add(caseName: string, name: Exclude<keyof Count, 'peak'>, by: number): void {
    this.#of(caseName)[name] += by;
    this.#totals[name] += by;
  }

  #of(caseName: string): Count {
    let count = this.#cases.get(caseName);
    if (count === undefined) {
      count = zero();
      this.#cases.set(caseName, count);
      const [oldest] = this.#cases.keys();
      if (this.#cases.size > MAX_CASES && oldest !== undefined) this.#cases.delete(oldest);
    }
    return count;
  }
}
