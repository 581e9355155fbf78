/**
 * A call that none of its lane's providers may be called for waits where it is, in its attempt: its job keeps its slot, so that
 * while a provider is down no other is released to find the same, and none fails for it.
 *
 *   1. readers are told once, by `call.delayed`
 *   2. until the first breaker lets a call through: then whoever asks first finds out whether that provider is well
 *   3. `maxWaitMs` in all; after that the attempt fails with what its last call said, and another may wait as long
 *
 * Where a breaker holds this job or its tenant only, others could use the slot. So where some wait for one, the job goes back into
 * the queue, and comes again some seconds later: `yielding`. It doesn't while another of its calls is under way, which is paid for.
 *
 * A cancel, a deadline and an order to stop end it like any call. A crash leaves nothing of it: the next attempt waits anew.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Attempt, WorkerParts } from '../attempt/run-attempt.ts';
import { askerOf, nobodyLeft, saidLast } from './choose-provider.ts';
import { lastError } from './failed-calls.ts';
import type { Lane } from './lane-providers.ts';

/** Whoever comes right after the one that finds out is let through as well: so they don't all come at once. */
const SPREAD_MS = 500;
/** How often one that others could take the place of looks whether some wait. */
const LOOK_EVERY_MS = 1_000;

interface DelayedCall {
  id: string;
  lane: Lane;
  signal: AbortSignal;
}

type AwaiterParts = Pick<WorkerParts, 'random' | 'maxWaitMs' | 'scheduler' | 'logger'>;

export class ProviderAwaiter {
  readonly #parts: AwaiterParts;
  readonly #attempt: Attempt;
  readonly #call: DelayedCall;
  /** Of `performance.now()`; null: it hasn't waited yet. */
  #since: number | null = null;

  constructor(parts: AwaiterParts, attempt: Attempt, call: DelayedCall) {
    this.#parts = parts;
    this.#attempt = attempt;
    this.#call = call;
  }

  /** Resolves when it is worth asking again. @throws AttemptError after too long; the signal's reason */
  async wait(): Promise<void> {
    const { id, lane, signal } = this.#call;
    const { writer, order } = this.#attempt;
    const nobody = nobodyLeft(lane, askerOf(this.#attempt));
    const now = performance.now();
    if (this.#since === null) writer.write('call.delayed', { call: id, error: nobody.toJobError() });
    this.#since ??= now;
    if (now - this.#since > this.#parts.maxWaitMs) throw saidLast(lastError(this.#attempt, id), nobody);
    // Nothing is lost by going on elsewhere, where this is all that the job does.
    if (id === '') order.canBeTakenUp = true;
    const waitMs = (nobody.retryAfterMs ?? 0) + this.#parts.random() * SPREAD_MS;
    const othersCould = lane.providers.some(({ breaker }) => breaker.sparesSome);
    await this.#sleep(othersCould ? Math.min(waitMs, LOOK_EVERY_MS * (0.5 + this.#parts.random())) : waitMs);
    if (othersCould && (await this.#isInTheWay())) order.give('yielding');
    signal.throwIfAborted();
  }

  async #sleep(ms: number): Promise<void> {
    const { signal } = this.#call;
    await delay(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
  }

  async #isInTheWay(): Promise<boolean> {
    const { claim, calls } = this.#attempt;
    if ([...calls.values()].some(({ state }) => state === 'running')) return false;
    const { scheduler, logger } = this.#parts;
    return scheduler.doOthersWait(claim.lane, claim.tenant).catch((error: unknown) => {
      logger.warn({ jobId: claim.jobId, lane: claim.lane, error }, 'not known whether others wait');
      return false;
    });
  }
}
