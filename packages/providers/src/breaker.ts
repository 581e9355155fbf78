/**
 * A circuit breaker: keeps calls away from a provider that is ill. One per provider and lane, in each worker process.
 *
 *   closed      calls go through. Five failures among the last ten verdicts ──▶ open
 *   open        none goes through, for 10 s or as long as the provider has asked for ──▶ half-open
 *   half-open   one call goes through: it succeeds ──▶ closed; it fails ──▶ open; it tells nothing ──▶ the next one may try
 *
 * What a call tells is known at its end, so a stream that is cut in its middle is a failure like any other. Calls that began
 * before it opened tell nothing any more: only the one that is let through does. It has no timers: time is looked at when
 * somebody asks.
 */
import type { TriedProvider } from '@holdfast/core';

const VERDICTS = 10;
const MOST_FAILURES = 5;
const OPEN_MS = 10_000;
/** Where the one call that was let through is under way: when it is worth asking again, in ms. */
const TRIAL_MS = 1_000;

/** Leave to make one call. Only the first word counts. */
export interface Pass {
  /** It is the one call that finds out whether the provider is well again. */
  readonly isTrial: boolean;
  succeeded(): void;
  failed(why: TriedProvider): void;
  /** The call has told nothing of the provider's health. */
  left(): void;
}

export interface BreakerOptions {
  /** A clock that doesn't jump, in ms. */
  now: () => number;
  /** How long it stays open, in ms. Default 10,000. */
  openMs?: number;
  /** `why`: the newest failure. */
  onChange: (state: 'opened' | 'closed', why: TriedProvider | null) => void;
}

export class Breaker {
  readonly #options: BreakerOptions;
  /** Verdicts, the newest last; true: failed. */
  #recent: boolean[] = [];
  /** null: closed. */
  #openUntil: number | null = null;
  #isTried = false;
  #why: TriedProvider | null = null;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  /** The newest failure; null: none so far. */
  get why(): TriedProvider | null {
    return this.#why;
  }

  /** Until it lets a call through, in ms; 0: now. */
  get waitMs(): number {
    if (this.#openUntil === null) return 0;
    return Math.max(this.#openUntil - this.#options.now(), this.#isTried ? TRIAL_MS : 0);
  }

  /** @returns null where no call may go through */
  enter(): Pass | null {
    if (this.waitMs > 0) return null;
    const isTrial = this.#openUntil !== null;
    if (isTrial) this.#isTried = true;
    return this.#pass(isTrial);
  }

  /** The provider has asked for quiet. */
  shut(ms: number, why: TriedProvider): void {
    this.#why = why;
    this.#open(ms);
  }

  #pass(isTrial: boolean): Pass {
    let isOver = false;
    const say = (failed: boolean | null) => {
      if (isOver) return;
      isOver = true;
      if (isTrial) this.#endTrial(failed);
      else if (failed !== null) this.#count(failed);
    };
    return {
      isTrial,
      succeeded: () => say(false),
      failed: (why) => {
        this.#why = why;
        say(true);
      },
      left: () => say(null),
    };
  }

  #endTrial(failed: boolean | null): void {
    this.#isTried = false;
    if (failed) this.#open();
    if (failed !== false) return;
    this.#openUntil = null;
    this.#recent = [];
    this.#options.onChange('closed', this.#why);
  }

  #count(failed: boolean): void {
    if (this.#openUntil !== null) return;
    this.#recent = [...this.#recent, failed].slice(-VERDICTS);
    if (this.#recent.filter(Boolean).length >= MOST_FAILURES) this.#open();
  }

  #open(ms = this.#options.openMs ?? OPEN_MS): void {
    const wasClosed = this.#openUntil === null;
    this.#openUntil = Math.max(this.#openUntil ?? 0, this.#options.now() + ms);
    if (wasClosed) this.#options.onChange('opened', this.#why);
  }
}
