/**
 * A circuit breaker: keeps calls away from a provider that fails them. One per provider and lane, in each worker process.
 *
 *   closed      calls go through. Five failures among the last ten verdicts ──▶ open
 *   open        those whom it holds wait, for 10 s or as long as the provider has asked for ──▶ half-open
 *   half-open   one of them goes through: it succeeds ──▶ closed; it fails ──▶ open; it tells nothing ──▶ the next one may try
 *
 * Whom it holds is read from the failures (`failure-scope.ts`): everybody only where several tenants have failed. Whoever isn't
 * held goes through an open breaker: its success closes it, its failure may widen the hold.
 *
 * Who takes the one call of a half-open breaker: a job that has failed here, or whose tenant has failed more than another, stands
 * back for a tenth of the time that it was open, for each of both. So it gets its turn only where nobody else comes.
 *
 * What a call tells is known at its end, so a stream that is cut in its middle is a failure like any other. Calls that began
 * before it opened tell nothing any more. It has no timers: time is looked at when somebody asks.
 */
import type { TriedProvider } from '@holdfast/core';
import {
  type Asker,
  everybody,
  type Held,
  heldBy,
  isAsWide,
  isHeld,
  standsBack,
  type Verdict,
} from './failure-scope.ts';

/** The last so many verdicts decide whether it opens. */
const VERDICTS = 10;
/** So many of the failures since it opened are remembered. */
const MAX_FAILURES = 100;
const OPEN_MS = 10_000;
/** Where the one call that was let through is under way: when it is worth asking again, in ms. */
const TRIAL_MS = 1_000;
/** The share of the open time for which a job that has failed lets others go first. */
const STAND_BACK_SHARE = 0.1;
/** The same, for how long the breaker stays open after a trial that may have failed by its own request. */
const OWN_FAULT_SHARE = 0.1;

/** Leave to make one call. Only the first word counts. */
export interface Pass {
  /** It is the one call that finds out whether the provider is well again. */
  readonly isTrial: boolean;
  succeeded(): void;
  /** @param byRequest its request may be the reason: it counts only where several tenants have the like */
  failed(why: TriedProvider, byRequest?: boolean): void;
  /** The call has told nothing of the provider's health. */
  left(): void;
}

export interface BreakerOptions {
  /** A clock that doesn't jump, in ms. */
  now: () => number;
  /** How long it stays open, in ms. Default 10,000. */
  openMs?: number;
  /** `why`: the newest failure; `held`: who waits, also where these become more. */
  onChange: (state: 'opened' | 'closed', why: TriedProvider | null, held: Held | null) => void;
}

export class Breaker {
  readonly #options: BreakerOptions;
  readonly #openMs: number;
  /** The newest last. While it is open: failures only. */
  #verdicts: Verdict[] = [];
  /** null: closed. */
  #open: { until: number; held: Held } | null = null;
  /** Counts openings and closings: a call that began before the last one tells nothing. */
  #period = 0;
  #isTried = false;
  #why: TriedProvider | null = null;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#openMs = options.openMs ?? OPEN_MS;
  }

  /** The newest failure; null: none so far. */
  get why(): TriedProvider | null {
    return this.#why;
  }

  /** It is open, and somebody whom it doesn't hold could be served. */
  get sparesSome(): boolean {
    return this.#open !== null && !isAsWide(this.#open.held, everybody);
  }

  /** Until it lets a call of this one through, in ms; 0: now. */
  waitMs(asker: Asker): number {
    if (!this.#open || !isHeld(this.#open.held, asker)) return 0;
    const standBackMs = standsBack(this.#verdicts, asker) * this.#openMs * STAND_BACK_SHARE;
    return Math.max(this.#open.until + standBackMs - this.#options.now(), this.#isTried ? TRIAL_MS : 0);
  }

  /** @returns null where it may not call */
  enter(asker: Asker): Pass | null {
    if (this.waitMs(asker) > 0) return null;
    const isTrial = this.#open !== null && isHeld(this.#open.held, asker);
    if (isTrial) this.#isTried = true;
    return this.#pass(asker, isTrial);
  }

  /** The provider has asked for quiet. */
  shut(ms: number, why: TriedProvider): void {
    this.#why = why;
    this.#keepAway(everybody, ms);
  }

  #pass({ tenant, job }: Asker, isTrial: boolean): Pass {
    const period = this.#period;
    let isOver = false;
    const say = (verdict: { failed: boolean; byRequest: boolean } | null) => {
      if (isOver) return;
      isOver = true;
      if (period !== this.#period) return;
      if (isTrial) this.#isTried = false;
      if (verdict) this.#judge({ tenant, job, ...verdict }, isTrial);
    };
    return {
      isTrial,
      succeeded: () => say({ failed: false, byRequest: false }),
      failed: (why, byRequest = false) => {
        this.#why = why;
        say({ failed: true, byRequest });
      },
      left: () => say(null),
    };
  }

  #judge(verdict: Verdict, isTrial: boolean): void {
    if (!this.#open) {
      this.#verdicts = [...this.#verdicts, verdict].slice(-VERDICTS);
      const held = heldBy(this.#verdicts);
      if (held) this.#keepAway(held, this.#openMs);
    } else if (!verdict.failed) {
      this.#close();
    } else {
      this.#verdicts = [...this.#verdicts, verdict].slice(-MAX_FAILURES);
      const held = heldBy(this.#verdicts.slice(-VERDICTS)) ?? this.#open.held;
      const openMs = verdict.byRequest ? this.#openMs * OWN_FAULT_SHARE : this.#openMs;
      if (isTrial || !isAsWide(this.#open.held, held)) this.#keepAway(held, openMs);
    }
  }

  #close(): void {
    this.#open = null;
    this.#isTried = false;
    this.#verdicts = [];
    this.#period += 1;
    this.#options.onChange('closed', this.#why, null);
  }

  /** Never holds fewer than before. */
  #keepAway(held: Held, ms: number): void {
    const until = this.#options.now() + ms;
    const before = this.#open;
    if (!before) {
      this.#period += 1;
      this.#verdicts = this.#verdicts.filter(({ failed }) => failed);
    }
    const isWider = !before || !isAsWide(before.held, held);
    this.#open = { until: Math.max(before?.until ?? 0, until), held: isWider ? held : before.held };
    if (isWider) this.#options.onChange('opened', this.#why, held);
  }
}
