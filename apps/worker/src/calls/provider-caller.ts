/**
 * Makes the provider calls of an attempt. A task may make many, side by side; each goes this way, under its own id:
 *
 *   choose   the first of the lane's providers that may be called: `choose-provider.ts`
 *   cover    what it may cost is reserved in the tenant's budgets, or it isn't made: `cost/budget-reservation.ts`
 *   begin    the journal stores the beginning, with the call counted, before the call leaves. So a crash in between counts a
 *            call that was never made; the other way round, one would be made and not counted
 *   record   what the provider says goes into the journal as it comes: `answer-recorder.ts`
 *   switch   if the provider fails before readers have anything of it, the next one is called: a new call, counted and charged
 *            like any. After that the attempt fails, and the next attempt asks the other providers first
 *   wait     while none of them can be called: `provider-awaiter.ts`
 *   stop     once as many calls for the answer as its lane allows were or may have been paid: `call-failures.ts`
 */
import type { AttemptError } from '@holdfast/core';
import { type AttemptWriter, type Claim, JournalRefusal } from '@holdfast/journal';
import { healthOf, mayBeOfRequest, type Pass } from '@holdfast/providers';
import type { BudgetReservation } from '../cost/budget-reservation.ts';
import type { RateLimitPermit } from '../cost/rate-limit-permit.ts';
import type { RunCost } from '../cost/run-cost.ts';
import type { Lane } from '../lanes/lane-providers.ts';
import type { CallEnd, WorkerObserver } from '../observe/worker-observer.ts';
import type { AttemptTrace } from '../tracing/attempt-trace.ts';
import type { AnswerRecorder, TracedCall } from './answer-recorder.ts';
import type { CallFailures } from './call-failures.ts';
import { askerOf, type Choice, chooseProvider, type Failure, sumUp, triedOf } from './choose-provider.ts';
import type { PreparedCall, ProviderAnswer } from './prepared-call.ts';
import type { ProviderAwaiter } from './provider-awaiter.ts';
import type { ProviderCallState } from './provider-call-state.ts';
import type { ProviderCalls } from './provider-calls.ts';
import type { TriedProviders } from './tried-providers.ts';

/** A provider that asks for a longer pause, in ms, is tried again after this: one answer shouldn't shut it out for hours. */
const MAX_PAUSE_MS = 60_000;

const NO_USAGE = { input_tokens: 0, output_tokens: 0 };

interface CallerOptions {
  claim: Claim;
  lane: Lane;
  writer: AttemptWriter;
  calls: ProviderCalls;
  failures: CallFailures;
  tried: TriedProviders;
  cost: RunCost;
  permit: RateLimitPermit;
  reservation: BudgetReservation;
  recorder: AnswerRecorder;
  trace: AttemptTrace;
  newAwaiter: (call: PreparedCall) => ProviderAwaiter;
  observer: Pick<WorkerObserver, 'callBegun' | 'callOver'>;
  /** The error that a thrown value stands for. @throws JournalRefusal */
  toError: (thrown: unknown) => AttemptError;
}

type Made =
  | { kind: 'answer'; answer: ProviderAnswer }
  | { kind: 'failure'; failure: Failure }
  /** The call wasn't made. */
  | { kind: 'refusal'; error: AttemptError };

export class ProviderCaller {
  readonly #options: CallerOptions;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  /** @throws AttemptError; JournalRefusal; the signal's reason */
  async call(call: PreparedCall): Promise<ProviderAnswer> {
    const { calls, trace: attempt } = this.#options;
    const trace = attempt.callBegins(call, calls.get(call.id)?.span);
    try {
      const answer = await this.#acquireAndAsk({ ...call, trace });
      trace.answered(answer);
      return answer;
    } catch (error) {
      trace.failed(error);
      throw error;
    }
  }

  async #acquireAndAsk(call: TracedCall): Promise<ProviderAnswer> {
    const { calls, permit } = this.#options;
    // A response that runs already has taken its part of the rate limits.
    if (calls.get(call.id)?.response) return this.#askProviders(call, { isUsed: true });
    const taken = await permit.acquire(call.body, call.signal);
    const share = { isUsed: false };
    try {
      const answer = await this.#askProviders(call, share);
      permit.correct(taken, answer.usage);
      return answer;
    } catch (error) {
      if (!share.isUsed) permit.correct(taken, NO_USAGE);
      throw error;
    }
  }

  /** @param share of the rate limits: whether a call may have used it */
  async #askProviders(call: TracedCall, share: { isUsed: boolean }): Promise<ProviderAnswer> {
    const { failures, tried, newAwaiter } = this.#options;
    const awaiter = newAwaiter(call);
    let failed: Failure[] = [];
    /** Why the call goes to another provider: it has been announced by then. */
    let before: AttemptError | undefined;
    for (;;) {
      const limit = this.#limitReached(call);
      if (limit) throw limit;
      const choice = this.#choose(call, failed);
      if (!choice) {
        // Failed trials say nothing new: their providers were known to be unhealthy.
        const error = failed.every(({ isTrial }) => isTrial) ? undefined : sumUp(failed, tried.before);
        if (error) throw error;
        failed = [];
        call.trace.waits();
        await awaiter.wait();
        continue;
      }
      const wasUsed = share.isUsed;
      share.isUsed = true;
      const made = await this.#makeCall(call, choice, before);
      if (made.kind === 'answer') return made.answer;
      if (made.kind === 'refusal') {
        share.isUsed = wasUsed;
        throw sumUp(failed, tried.before) ?? made.error;
      }
      const { failure } = made;
      failed.push(failure);
      before = failure.error;
      call.trace.providerFails(failure.by.provider.name, failure.error);
      const error = sumUp(failed, tried.before) ?? failure.error;
      failures.setError(call.id, error);
      if (!this.#triesAgain(call, failure)) throw this.#limitReached(call) ?? error;
    }
  }

  /** null: another call may be made, or one is open: it is resumed or repeated. */
  #limitReached({ id }: PreparedCall): AttemptError | null {
    const { calls, failures, lane } = this.#options;
    return calls.has(id) ? null : failures.limitReached(id, lane.maxCalls);
  }

  #choose({ id }: PreparedCall, failed: readonly Failure[]): Choice | null {
    const { claim, lane, calls, tried } = this.#options;
    return chooseProvider(lane, {
      asker: askerOf(claim),
      interrupted: calls.get(id),
      paysOnce: claim.request.on_ambiguous === 'fail',
      failed,
      last: tried.before,
    });
  }

  /** @param before why the call goes to this provider: another one has failed it */
  async #makeCall(asked: TracedCall, { by, pass }: Choice, before: AttemptError | undefined): Promise<Made> {
    const { calls, reservation, recorder, cost, toError } = this.#options;
    const call = by.model === null ? asked : { ...asked, body: { ...asked.body, model: by.model } };
    try {
      calls.abandonElsewhere(call.id, by.provider.name);
      // What was abandoned there may have been the last call that the limit allows.
      const limit = this.#limitReached(call);
      if (limit) return { kind: 'refusal', error: limit };
      const refusal = calls.get(call.id)?.response ? null : await reservation.cover(call);
      if (refusal) return { kind: 'refusal', error: refusal };
      // A call that begins after the attempt was stopped would stay open, and count as one that may have been paid.
      call.signal.throwIfAborted();
      const state = await this.#begin(call, by.provider.name, before);
      const over = this.#observe(call, state);
      try {
        const answer = await recorder.record(call, by, state);
        pass?.succeeded();
        cost.charge(state, answer.usage);
        over('completed');
        return { kind: 'answer', answer };
      } catch (thrown) {
        if (call.signal.aborted || thrown instanceof JournalRefusal) over('stopped');
        call.signal.throwIfAborted();
        const error = toError(thrown);
        over('failed', error.code);
        calls.fail(state, error);
        const failure = { by, error, isTrial: pass?.isTrial ?? false, hasEmitted: state.hasEmitted };
        this.#noteHealth(state, failure, pass);
        return { kind: 'failure', failure };
      }
    } finally {
      pass?.interrupted();
    }
  }

  /** Resolves once the journal stores that the call begins. */
  async #begin(call: TracedCall, provider: string, before: AttemptError | undefined): Promise<ProviderCallState> {
    const { calls, writer } = this.#options;
    const { id, endpoint, body, signal, trace } = call;
    const visible = call.emits !== 'nothing';
    const { call: state, fields } = calls.begin({ id, endpoint, body, provider, visible, span: trace.spanId });
    const isResumed = state.response !== null;
    if (!before) call.announce(isResumed, fields);
    else writer.write('provider.switched', { call: id, provider, error: before.toJobError() }, fields);
    await writer.flushed();
    if (isResumed) calls.markStored(state);
    if (signal.aborted && !isResumed) writer.change(calls.close(id));
    signal.throwIfAborted();
    return state;
  }

  /** @returns is to be called once the call is over */
  #observe({ body }: PreparedCall, { provider, response }: ProviderCallState) {
    const { observer, claim } = this.#options;
    const call = { tenant: claim.tenant, provider, model: String(body.model), isResumed: response !== null };
    const began = performance.now();
    observer.callBegun(call);
    return (outcome: CallEnd['outcome'], code: CallEnd['code'] = null) =>
      observer.callOver(call, { outcome, code, seconds: (performance.now() - began) / 1_000 });
  }

  /** What a failed call says of its provider, and whether readers have something of it that won't go on. */
  #noteHealth(call: ProviderCallState, failure: Failure, pass: Pass | null): void {
    const { calls, tried, lane } = this.#options;
    const { by, error } = failure;
    const health = healthOf(error);
    const why = triedOf(failure);
    const hasOthers = lane.providers.length > 1;
    // Without another provider, a fault that no waiting mends is the job's own error: a key that is refused, say.
    if (health === 'unhealthy' && (hasOthers || error.retryable)) pass?.failed(why, mayBeOfRequest(error));
    if (health === 'overloaded' && hasOthers) by.breaker.shut(Math.min(error.retryAfterMs ?? 0, MAX_PAUSE_MS), why);
    if (health !== null && !calls.has(call.id) && call.hasEmitted && hasOthers) tried.failMidway(why);
  }

  /** Whether the same attempt calls another provider, or the same one once it is healthy again. */
  #triesAgain({ id }: PreparedCall, { error, isTrial, hasEmitted }: Failure): boolean {
    const { claim, lane, calls, tried } = this.#options;
    if (healthOf(error) === null) return false;
    if (lane.providers.length === 1 && (!isTrial || hasEmitted || !error.retryable)) return false;
    if (calls.has(id) || tried.failedMidway !== null) return false;
    return !(calls.possiblyCharged && claim.request.on_ambiguous === 'fail');
  }
}
