/**
 * A call that none of its lane's providers may be called for waits where it is, in its attempt: its job keeps its slot, so that
 * while a provider is down no other is released to find the same, and none fails for it.
 *
 *   1. readers are told once, by `call.delayed`
 *   2. until the first breaker lets a call through: then whoever asks first finds out whether that provider is well
 *   3. `MOST_MS` in all; after that the attempt fails, and another may wait as long
 *
 * A cancel, a deadline and an order to stop end it like any call. A crash leaves nothing of it: the next attempt waits anew.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { nobodyLeft } from './choose-provider.ts';
import type { Lane } from './lane-providers.ts';
import type { Attempt } from './run-attempt.ts';

const MOST_MS = 300_000;
/** Whoever comes right after the one that finds out is let through as well: so they don't all come at once. */
const SPREAD_MS = 500;

interface DelayedCall {
  id: string;
  lane: Lane;
  signal: AbortSignal;
}

export class ProviderAwaiter {
  readonly #attempt: Attempt;
  readonly #call: DelayedCall;
  readonly #random: () => number;
  /** Of `performance.now()`; null: it hasn't waited yet. */
  #since: number | null = null;

  constructor(attempt: Attempt, call: DelayedCall, random: () => number) {
    this.#attempt = attempt;
    this.#call = call;
    this.#random = random;
  }

  /** Resolves when it is worth asking again. @throws AttemptError `provider_unavailable`, after too long; the signal's reason */
  async wait(): Promise<void> {
    const { id, lane, signal } = this.#call;
    const { writer, order } = this.#attempt;
    const error = nobodyLeft(lane);
    const now = performance.now();
    if (this.#since === null) writer.write('call.delayed', { call: id, error: error.toJobError() });
    this.#since ??= now;
    if (now - this.#since > MOST_MS) throw error;
    // Nothing is lost by going on elsewhere, where this is all that the job does.
    if (id === '') order.canBeTakenUp = true;
    const waitMs = (error.retryAfterMs ?? 0) + this.#random() * SPREAD_MS;
    await delay(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
