/**
 * The provider calls of a run that are open. Owns their states, the version of their idempotency keys, and how many may have
 * been paid for nothing. The journal stores those that have begun and aren't over:
 *
 *   (none) ──begin──▶ running ──complete──▶ (none)
 *                      │   └──fail, for good: the next one is a new call, under a new key──▶ (none)
 *                      ├──fail, and can be resumed or repeated under its key──▶ failed ──the next attempt──▶ interrupted
 *                      └──its worker vanished or stopped──▶ interrupted ──begin──▶ running, resumed or repeated
 *                                                            └──neither is possible: abandoned, and counted──▶ (none)
 *
 * States change in memory; the journal follows with the attempt's next event. A crash before that leaves the call open.
 */
import { type AttemptError, type JsonObject, type ProviderEndpoint, toNano } from '@holdfast/core';
import { type AttemptWriter, type CallOutcome, type CallsSoFar, callField, type FieldChanges } from '@holdfast/journal';
import type { AttemptTimeline } from '../attempt/attempt-timeline.ts';
import type { StopSignal } from '../attempt/stop-signal.ts';
import type { RunCost } from '../cost/run-cost.ts';
import type { CallFailures } from './call-failures.ts';
import type { OpenResponse } from './end-responses.ts';
import { interruptedCall, type ProviderCallState } from './provider-call-state.ts';

interface ProviderCallsOptions {
  /** What earlier attempts have done. */
  before: Pick<CallsSoFar, 'made' | 'ambiguous' | 'keyVersion' | 'open'>;
  writer: Pick<AttemptWriter, 'change'>;
  cost: RunCost;
  failures: CallFailures;
  stop: StopSignal;
  timeline: AttemptTimeline;
  /** The lane's providers honor `Idempotency-Key`: a call can be repeated under its key. */
  canRepeat: boolean;
}

export interface NewCall {
  id: string;
  /** Name of the provider that it goes to. */
  provider: string;
  /** Readers see its text. */
  visible: boolean;
  endpoint: ProviderEndpoint;
  body: JsonObject;
  /** Id of its span in the job's trace; undefined: it has none. */
  span?: string | undefined;
}

export class ProviderCalls {
  readonly #open: Map<string, ProviderCallState>;
  readonly #writer: ProviderCallsOptions['writer'];
  readonly #cost: RunCost;
  readonly #failures: CallFailures;
  readonly #stop: StopSignal;
  readonly #timeline: AttemptTimeline;
  readonly #canRepeat: boolean;
  #made: number;
  #ambiguous: number;
  #keyVersion: number;
  #possiblyCharged = false;

  constructor({ before, writer, cost, failures, stop, timeline, canRepeat }: ProviderCallsOptions) {
    this.#open = new Map([...before.open].map(([id, call]) => [id, interruptedCall(id, call)]));
    this.#writer = writer;
    this.#cost = cost;
    this.#failures = failures;
    this.#stop = stop;
    this.#timeline = timeline;
    this.#canRepeat = canRepeat;
    this.#made = before.made;
    this.#ambiguous = before.ambiguous;
    this.#keyVersion = before.keyVersion;
  }

  get(id: string): ProviderCallState | undefined {
    return this.#open.get(id);
  }

  has(id: string): boolean {
    return this.#open.has(id);
  }

  open(): Iterable<ProviderCallState> {
    return this.#open.values();
  }

  get isAnyRunning(): boolean {
    return [...this.#open.values()].some(({ state }) => state === 'running');
  }

  /** A call of this attempt may have been paid for nothing. */
  get possiblyCharged(): boolean {
    return this.#possiblyCharged;
  }

  /** A call is about to leave. @returns it, and what the journal is to store before it does */
  begin({ id, provider, visible, endpoint, body, span }: NewCall): { call: ProviderCallState; fields: FieldChanges } {
    const keyVersion = this.#keyVersion;
    const call = interruptedCall(
      id,
      this.#open.get(id) ?? { provider, keyVersion, visible, emitted: 0, response: null, cost: null },
    );
    call.span = span;
    this.#cost.begin(call, endpoint, body, !call.response);
    call.state = 'running';
    this.#open.set(id, call);
    this.#stop.canBeResumed = false;
    const resumed = call.response !== null;
    const { entry, fields: entryFields } = this.#timeline.beginCall({
      id,
      provider,
      model: call.model,
      endpoint,
      resumed,
    });
    call.entry = entry;
    if (resumed) return { call, fields: { ...callField(id, call), ...entryFields } };
    call.emitted = 0;
    call.hasEmitted = false;
    this.#made += 1;
    const fields = { ...callField(id, call), ...this.costFields(), ...entryFields, provider_calls: this.#made };
    return { call, fields };
  }

  /** The journal stores the response of a running call: from here on another worker can resume it. */
  markStored(call: ProviderCallState): void {
    call.isStored = true;
    this.#updateStop();
  }

  /** The call has its answer: no later attempt makes it again. */
  complete(id: string): FieldChanges {
    return { ...this.#close(id, 'completed'), ...this.#failures.forget(id) };
  }

  /** The call is over, without an answer: nobody wants it any more. */
  close(id: string): FieldChanges {
    return this.#close(id, 'cancelled');
  }

  #close(id: string, outcome: CallOutcome): FieldChanges {
    const call = this.#open.get(id);
    const ended = call ? this.#endEntry(call, outcome, null) : {};
    this.#open.delete(id);
    this.#updateStop();
    return { ...callField(id, null), ...this.costFields(), ...ended };
  }

  /** Ends the call in the job's timeline, once. */
  #endEntry(call: ProviderCallState, outcome: CallOutcome, error: AttemptError | null): FieldChanges {
    const { entry, firstTextAt, tokens, chargedUsd: costUsd } = call;
    call.entry = null;
    return entry ? this.#timeline.endCall(entry, { outcome, error, firstTextAt, tokens, costUsd }) : {};
  }

  /**
   * Closes all calls of a job that is over. Those that run are charged up to here; interrupted ones may cost their whole price.
   * The caller ends their responses, before.
   */
  closeAll(): FieldChanges {
    const fields: FieldChanges = {};
    for (const call of [...this.#open.values()]) {
      if (call.state === 'running') this.#cost.chargePartly(call);
      else this.#cost.chargeInFull(call);
      Object.assign(fields, this.close(call.id));
    }
    return fields;
  }

  /** A call goes to this provider: what another one has of it could have been repeated there only. */
  abandonElsewhere(id: string, provider: string): void {
    const known = this.#open.get(id);
    if (known && known.provider !== provider) this.#abandon(known);
  }

  /**
   * Gives up the interrupted calls that can be neither resumed nor repeated under their keys: they may have been paid for nothing.
   * @param isServed whether the lane has this provider. @returns the calls
   */
  abandonLost(isServed: (provider: string) => boolean): ProviderCallState[] {
    const canGoOn = (call: ProviderCallState) => isServed(call.provider) && (call.response !== null || this.#canRepeat);
    const lost = [...this.#open.values()].filter((call) => !canGoOn(call));
    for (const call of lost) this.#abandon(call);
    return lost;
  }

  /**
   * A running call has failed. It stays open where it can be resumed, or repeated under its key: the provider must be able to
   * recognize it.
   */
  fail(call: ProviderCallState, error: AttemptError): void {
    call.state = 'failed';
    this.#updateStop();
    const canBeRepeated = call.response === null && this.#canRepeat;
    if (error.ambiguous && !canBeRepeated) {
      // It may have been paid, and can be neither resumed nor repeated.
      this.#ambiguous += 1;
      this.#possiblyCharged = true;
      this.#writer.change({ ambiguous_calls: this.#ambiguous });
    }
    const staysOpen = call.response ? !error.ambiguous : error.ambiguous && canBeRepeated;
    if (call.visible && !(staysOpen && call.response)) this.#writer.change({ text_discarded: 1 });
    if (staysOpen) {
      this.#writer.change(this.#endEntry(call, 'failed', error));
      return;
    }
    if (!error.unpaid) this.#failures.countCharged(call.id);
    if (error.ambiguous && call.receivedBytes === 0) this.#cost.chargeInFull(call);
    else if (error.ambiguous || call.response) this.#cost.chargePartly(call);
    this.#keyVersion += 1;
    const ended = this.#endEntry(call, 'failed', error);
    this.#writer.change({ ...this.close(call.id), ...ended, call_key_version: this.#keyVersion });
  }

  /** Responses that run at their providers, or may: of calls in these states. */
  responses(...states: ProviderCallState['state'][]): OpenResponse[] {
    return [...this.#open.values()].flatMap(({ state, provider, response }) =>
      response && states.includes(state) ? { provider, id: response.id } : [],
    );
  }

  /** What the run has cost, and what its open calls may cost: the end of the job adds both to what its tenant has spent. */
  costFields(): FieldChanges {
    let open_cost = 0;
    for (const { cost } of this.#open.values()) open_cost += cost === null ? 0 : toNano(cost);
    return { ...this.#cost.toFields(), open_cost };
  }

  /** Nobody will read the rest of this call's answer, and it may cost its whole price. */
  #abandon(call: ProviderCallState): void {
    this.#ambiguous += 1;
    this.#keyVersion += 1;
    this.#cost.chargeInFull(call);
    this.#failures.countCharged(call.id);
    const fields = { ambiguous_calls: this.#ambiguous, call_key_version: this.#keyVersion };
    this.#writer.change({ ...this.close(call.id), ...fields });
  }

  #updateStop(): void {
    const running = [...this.#open.values()].filter(({ state }) => state === 'running');
    this.#stop.canBeResumed = running.length > 0 && running.every(({ isStored }) => isStored);
  }
}
