/**
 * Waits, inside its attempt, for a provider that a call may go to. The job keeps its place: while a provider is down, no other
 * job is dispatched only to find the same, and none fails for it.
 *
 *   1. readers are told once, by `call.delayed`
 *   2. until the first breaker lets a call through: the first call then finds out whether that provider is healthy
 *   3. `maxWaitMs` in all; after that the attempt fails with what its last call said, and the next one may wait as long
 *
 * Where a breaker holds only this job or its tenant, others could use the place. So if some of them wait, the job goes back into
 * the queue and comes again some seconds later: `yielding`. It doesn't while another of its calls runs, which is paid for.
 *
 * A cancel, a deadline and any other stop end it like a call. A crash leaves nothing of it: the next attempt waits anew.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@holdfast/core';
import type { AttemptWriter, Claim } from '@holdfast/journal';
import type { FairScheduler } from '@holdfast/queue';
import type { StopSignal } from '../attempt/stop-signal.ts';
import type { Lane } from '../lanes/lane-providers.ts';
import type { CallFailures } from './call-failures.ts';
import { askerOf, nobodyLeft, saidLast } from './choose-provider.ts';
import type { PreparedCall } from './prepared-call.ts';
import type { ProviderCalls } from './provider-calls.ts';

/** A call right after the one that finds out is let through as well: spread them, so that they don't all come at once. */
const SPREAD_MS = 500;
/** How often a job whose place others could use asks whether some wait. */
const ASK_EVERY_MS = 1_000;

export interface AwaiterOptions {
  claim: Pick<Claim, 'jobId' | 'tenant' | 'lane'>;
  lane: Lane;
  writer: Pick<AttemptWriter, 'write'>;
  stop: StopSignal;
  calls: Pick<ProviderCalls, 'isAnyRunning'>;
  failures: Pick<CallFailures, 'lastError'>;
  scheduler: Pick<FairScheduler, 'doOthersWait'>;
  maxWaitMs: number;
  random: () => number;
  logger: Logger;
}

export class ProviderAwaiter {
  readonly #options: AwaiterOptions;
  readonly #call: Pick<PreparedCall, 'id' | 'signal'>;
  /** Of `performance.now()`; null: it hasn't waited yet. */
  #since: number | null = null;

  constructor(options: AwaiterOptions, call: Pick<PreparedCall, 'id' | 'signal'>) {
    this.#options = options;
    this.#call = call;
  }

  /** Resolves when it is worth asking again. @throws AttemptError after too long; the signal's reason */
  async wait(): Promise<void> {
    const { claim, lane, writer, stop, failures, maxWaitMs, random } = this.#options;
    const { id, signal } = this.#call;
    const nobody = nobodyLeft(lane, askerOf(claim));
    const now = performance.now();
    if (this.#since === null) writer.write('call.delayed', { call: id, error: nobody.toJobError() });
    this.#since ??= now;
    if (now - this.#since > maxWaitMs) throw saidLast(failures.lastError(id), nobody);
    // Where this is all that the job does, nothing is lost if another worker goes on with it.
    if (id === '') stop.canBeResumed = true;
    const waitMs = (nobody.retryAfterMs ?? 0) + random() * SPREAD_MS;
    const othersCould = lane.providers.some(({ breaker }) => breaker.sparesSome);
    await this.#sleep(othersCould ? Math.min(waitMs, ASK_EVERY_MS * (0.5 + random())) : waitMs);
    if (othersCould && (await this.#isInTheWay())) stop.stop('yielding');
    signal.throwIfAborted();
  }

  async #sleep(ms: number): Promise<void> {
    const { signal } = this.#call;
    await delay(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
  }

  async #isInTheWay(): Promise<boolean> {
    const { claim, calls, scheduler, logger } = this.#options;
    if (calls.isAnyRunning) return false;
    return scheduler.doOthersWait(claim.lane, claim.tenant).catch((error: unknown) => {
      logger.warn({ jobId: claim.jobId, lane: claim.lane, error }, 'could not ask whether other jobs wait');
      return false;
    });
  }
}
