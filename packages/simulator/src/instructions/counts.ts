/** Counts calls by case, so that tests can find out what was really called and paid. */

/** How many cases are stored. The oldest are dropped; the totals are not. */
const MAX_CASES = 100_000;

export interface Count {
  /** Requests for an answer, also those that were refused or broke off. Retrieves and idempotent replays don't count. */
  calls: number;
  /** Answers that were generated to their end. */
  completed: number;
  /** Answers that were stopped because the client left or cancelled. */
  aborted: number;
  /** Readers that left while their answer was still generated. */
  left: number;
  /** Output tokens that were generated. */
  tokens: number;
  /** The maximum of answers that were generated at the same time. */
  peak: number;
}

/** All cases together. No case has this name. */
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

  /** A copy; zeros for an unknown case. */
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

  /** An answer begins. @returns a function to call when it is over */
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
