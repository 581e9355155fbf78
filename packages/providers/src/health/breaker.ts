/**
 * A circuit breaker: keeps calls away from a failing provider. There is one per provider and lane, in each worker process.
 *
 *   closed      calls go through. Five failures among the last ten results ──▶ open
 *   open        held calls wait, for 10 s or as long as the provider has asked for ──▶ half-open
 *   half-open   one held call goes through: success ──▶ closed; failure ──▶ open; no result ──▶ the next call may try
 *
 * The failures decide which calls are held (`failure-scope.ts`): all calls only if several tenants have failed. Other calls go through an
 * open breaker: their success closes it, and their failure may hold more calls.
 *
 * A half-open breaker prefers jobs that have not failed here. A job that has failed waits a tenth of the open time longer, and so does
 * a job whose tenant has failed more than another one. So it gets its turn only if no other call comes.
 *
 * The result of a call is known at its end, so a stream that is cut counts as a failure too. Calls that began before the breaker opened
 * don't count. The breaker has no timers: it reads the clock at each call.
 */
import type { TriedProvider } from '@holdfast/core';
import {
  type Asker,
  type CallResult,
  everybody,
  extraWaits,
  type Held,
  heldBy,
  isAsWide,
  isHeld,
} from './failure-scope.ts';

/** How many of the last results decide whether it opens. */
const RESULTS = 10;
/** How many failures since it opened are remembered. */
const MAX_FAILURES = 100;
const OPEN_MS = 10_000;
/** When to ask again, in ms, while the trial call is under way. */
const TRIAL_MS = 1_000;
/** The share of the open time that a failed job waits longer. */
const EXTRA_WAIT_SHARE = 0.1;
/** The share of the open time after a trial call whose failure may be due to its own request. */
const OWN_FAULT_SHARE = 0.1;

/** The permission for one call. Only the first result counts. */
export interface Pass {
  /** This call finds out whether the provider has recovered. */
  readonly isTrial: boolean;
  succeeded(): void;
  /** @param byRequest its request may be the reason: it only counts if several tenants have such failures */
  failed(why: TriedProvider, byRequest?: boolean): void;
  /** The call ended without a result about the provider's health. */
  interrupted(): void;
}

export interface BreakerOptions {
  /** A clock that never goes back, in ms. */
  now: () => number;
  /** How long it stays open, in ms. Default 10,000. */
  openMs?: number;
  /** `why`: the newest failure; `held`: the calls that wait. Also called when more calls are held. */
  onChange: (state: 'opened' | 'closed', why: TriedProvider | null, held: Held | null) => void;
}

export class Breaker {
  readonly #options: BreakerOptions;
  readonly #openMs: number;
  /** The newest last. While it is open: failures only. */
  #results: CallResult[] = [];
  /** null: closed. */
  #open: { until: number; held: Held } | null = null;
  /** Counts openings and closings: a call that began before the last one doesn't count. */
  #period = 0;
  #isTried = false;
  #why: TriedProvider | null = null;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#openMs = options.openMs ?? OPEN_MS;
  }

  /** The newest failure; null: none. */
  get why(): TriedProvider | null {
    return this.#why;
  }

  /** `open` also where it holds the calls of one job or tenant only. */
  get state(): 'closed' | 'half-open' | 'open' {
    if (!this.#open) return 'closed';
    return this.#isTried || this.#open.until <= this.#options.now() ? 'half-open' : 'open';
  }

  /** It is open, but doesn't hold all calls. */
  get sparesSome(): boolean {
    return this.#open !== null && !isAsWide(this.#open.held, everybody);
  }

  /** How long until it lets a call of this asker through, in ms; 0: now. */
  waitMs(asker: Asker): number {
    if (!this.#open || !isHeld(this.#open.held, asker)) return 0;
    const extraWaitMs = extraWaits(this.#results, asker) * this.#openMs * EXTRA_WAIT_SHARE;
    return Math.max(this.#open.until + extraWaitMs - this.#options.now(), this.#isTried ? TRIAL_MS : 0);
  }

  /** @returns null: the call is held */
  enter(asker: Asker): Pass | null {
    if (this.waitMs(asker) > 0) return null;
    const isTrial = this.#open !== null && isHeld(this.#open.held, asker);
    if (isTrial) this.#isTried = true;
    return this.#pass(asker, isTrial);
  }

  /** The provider has asked for a pause. */
  shut(ms: number, why: TriedProvider): void {
    this.#why = why;
    this.#hold(everybody, ms);
  }

  #pass({ tenant, job }: Asker, isTrial: boolean): Pass {
    const period = this.#period;
    let isOver = false;
    const report = (result: { failed: boolean; byRequest: boolean } | null) => {
      if (isOver) return;
      isOver = true;
      if (period !== this.#period) return;
      if (isTrial) this.#isTried = false;
      if (result) this.#record({ tenant, job, ...result }, isTrial);
    };
    return {
      isTrial,
      succeeded: () => report({ failed: false, byRequest: false }),
      failed: (why, byRequest = false) => {
        this.#why = why;
        report({ failed: true, byRequest });
      },
      interrupted: () => report(null),
    };
  }

  #record(result: CallResult, isTrial: boolean): void {
    if (!this.#open) {
      this.#results = [...this.#results, result].slice(-RESULTS);
      const held = heldBy(this.#results);
      if (held) this.#hold(held, this.#openMs);
    } else if (!result.failed) {
      this.#close();
    } else {
      this.#results = [...this.#results, result].slice(-MAX_FAILURES);
      const held = heldBy(this.#results.slice(-RESULTS)) ?? this.#open.held;
      const openMs = result.byRequest ? this.#openMs * OWN_FAULT_SHARE : this.#openMs;
      if (isTrial || !isAsWide(this.#open.held, held)) this.#hold(held, openMs);
    }
  }

  #close(): void {
    this.#open = null;
    this.#isTried = false;
    this.#results = [];
    this.#period += 1;
    this.#options.onChange('closed', this.#why, null);
  }

  /** Never holds fewer calls than before. */
  #hold(held: Held, ms: number): void {
    const until = this.#options.now() + ms;
    const before = this.#open;
    if (!before) {
      this.#period += 1;
      this.#results = this.#results.filter(({ failed }) => failed);
    }
    const isWider = !before || !isAsWide(before.held, held);
    this.#open = { until: Math.max(before?.until ?? 0, until), held: isWider ? held : before.held };
    if (isWider) this.#options.onChange('opened', this.#why, held);
  }
}
