/**
 * The calls of an attempt, each in a slot under its id; the record keeps those that were begun and aren't over:
 *
 *   (none) ──begin──▶ running ──answered──▶ (none)
 *                      │   └──failed for good: the next one is a new call, under a new key──▶ (none)
 *                      ├──failed, and can be taken up or repeated under its key──▶ failed ──the next attempt──▶ left
 *                      └──its worker vanished or stopped──▶ left ──begin──▶ running, taken up or repeated
 *                                                            └──neither is possible: counted, `abandonCall`──▶ (none)
 *
 * Slots change in memory; the record follows with the attempt's next event. A crash before that leaves the call open.
 */
import { AttemptError, type JsonObject, type ProviderEndpoint, toNano } from '@holdfast/core';
import { callField, type FieldChanges, type OpenCall } from '@holdfast/journal';
import { asAttemptError } from '../attempt/as-attempt-error.ts';
import type { Attempt } from '../attempt/run-attempt.ts';
import type { LeftResponse } from './end-responses.ts';
import { countCharged, forgetFailed } from './failed-calls.ts';

export interface CallSlot extends OpenCall {
  readonly id: string;
  state: 'left' | 'running' | 'failed';
  /** The journal knows the response: another worker can go on with it. */
  isSafe: boolean;
  /** For the bill, of a call that was begun by this attempt. */
  model: string;
  inputTokens: number;
  receivedBytes: number;
  /** Readers have something of it. */
  hasEmitted: boolean;
  /** Only what the record keeps. */
  toJSON(): OpenCall;
}

export function slotOf(id: string, { provider, keyVersion, visible, emitted, response, cost }: OpenCall): CallSlot {
  return {
    ...{ id, provider, keyVersion, visible, emitted, response, cost, state: 'left', isSafe: false },
    ...{ model: '', inputTokens: 0, receivedBytes: 0, hasEmitted: emitted > 0 || (response?.cursor ?? -1) >= 0 },
    toJSON() {
      const { provider, keyVersion, visible, emitted, response, cost } = this;
      return { provider, keyVersion, visible, emitted, response, cost };
    },
  };
}

export interface Beginning {
  id: string;
  /** Name of the one that it is made to. */
  provider: string;
  visible: boolean;
  endpoint: ProviderEndpoint;
  body: JsonObject;
}

/** The slot for a call that is about to leave, and what the record keeps of its beginning. */
export function beginCall(attempt: Attempt, call: Beginning): { slot: CallSlot; fields: FieldChanges } {
  const { calls, claim, bill } = attempt;
  const { id, provider, visible, endpoint, body } = call;
  const left = calls.get(id);
  const slot = slotOf(
    id,
    left ?? { provider, keyVersion: attempt.keyVersion, visible, emitted: 0, response: null, cost: null },
  );
  bill.begin(slot, endpoint, body, !slot.response);
  slot.state = 'running';
  calls.set(id, slot);
  attempt.order.canBeTakenUp = false;
  if (slot.response) return { slot, fields: callField(id, slot) };
  slot.emitted = 0;
  slot.hasEmitted = false;
  attempt.callsMade += 1;
  const provider_calls = claim.calls.made + attempt.callsMade;
  return { slot, fields: { ...callField(id, slot), ...costFields(attempt), provider_calls } };
}

/** A call that is to be made at this provider: what was left of it at another could have been repeated there only. */
export function leaveOtherProvider(attempt: Attempt, id: string, provider: string): void {
  const known = attempt.calls.get(id);
  if (known && known.provider !== provider) abandonCall(attempt, known);
}

/** The call has been answered: whatever becomes of the attempt, it isn't made again. */
export function completeCall(attempt: Attempt, id: string): FieldChanges {
  return { ...closeCall(attempt, id), ...forgetFailed(attempt, id) };
}

/** The call is over, answered or not. */
export function closeCall(attempt: Attempt, id: string): FieldChanges {
  attempt.calls.delete(id);
  updateOrder(attempt);
  return { ...callField(id, null), ...costFields(attempt) };
}

/** What the run has cost, and what its open calls may cost: the end of the job moves both to what its tenant has spent. */
export function costFields({ bill: { spent }, calls }: Attempt): FieldChanges {
  const openCost = [...calls.values()].reduce((sum, { cost }) => sum + (cost === null ? 0 : toNano(cost)), 0);
  return {
    ...(spent.usd === null ? {} : { spent: toNano(spent.usd) }),
    open_cost: openCost,
    input_tokens: spent.input_tokens,
    output_tokens: spent.output_tokens,
    calls: spent.calls,
    ...(spent.uncounted === 0 ? {} : { uncounted: spent.uncounted }),
    ...(spent.avoided_usd === 0 ? {} : { avoided: toNano(spent.avoided_usd) }),
  };
}

/**
 * Closes all calls of a job that is over: those under way are paid up to here, those that were left may be paid whole.
 * Their responses are the caller's to end, before.
 */
export function closeAll(attempt: Attempt): FieldChanges {
  const { calls, bill } = attempt;
  const closed = [...calls.values()].map((slot) => {
    if (slot.state === 'running') bill.breakOff(slot);
    else bill.writeOff(slot);
    return closeCall(attempt, slot.id);
  });
  return Object.assign({}, ...closed);
}

/**
 * Judges the calls that earlier attempts have left: those that can neither be taken up nor repeated under their keys may
 * have been paid for nothing.
 * @throws AttemptError `ambiguous_call`, where the job's policy says so
 */
export function judgeLeftCalls(attempt: Attempt): void {
  const { calls, claim, lane } = attempt;
  for (const slot of [...calls.values()]) {
    const isThere = lane?.providers.some(({ provider }) => provider.name === slot.provider);
    if (isThere && (slot.response || lane?.idempotent)) continue;
    attempt.textDiscarded ||= slot.visible;
    abandonCall(attempt, slot);
  }
  if (attempt.ambiguousCalls === claim.calls.ambiguous || claim.request.on_ambiguous !== 'fail') return;
  throw new AttemptError('ambiguous_call', 'A provider call broke off, and may have been paid for; see on_ambiguous.');
}

/** A call that nobody will hear of again, and that may have been paid whole. */
function abandonCall(attempt: Attempt, slot: CallSlot): void {
  attempt.ambiguousCalls += 1;
  attempt.keyVersion += 1;
  attempt.bill.writeOff(slot);
  countCharged(attempt, slot.id);
  const { ambiguousCalls: ambiguous_calls, keyVersion: call_key_version } = attempt;
  attempt.writer.change({ ...closeCall(attempt, slot.id), ambiguous_calls, call_key_version });
}

/**
 * What the failure of a running call means for the next one. One that is kept is still among the attempt's calls.
 * @returns the error to go on with
 * @throws JournalRefusal
 */
export function settleFailedCall(attempt: Attempt, slot: CallSlot, thrown: unknown): AttemptError {
  const error = asAttemptError(attempt, thrown);
  const { lane, writer } = attempt;
  slot.state = 'failed';
  updateOrder(attempt);
  const canBeRepeated = slot.response === null && lane?.idempotent === true;
  if (error.ambiguous && !canBeRepeated) {
    // It may have been paid, and can neither be taken up nor repeated under its key.
    attempt.ambiguousCalls += 1;
    attempt.hasPaidForNothing = true;
    writer.change({ ambiguous_calls: attempt.ambiguousCalls });
  }
  // It can be taken up again, or repeated under the same key: then the provider must be able to know it again.
  const isKept = slot.response ? !error.ambiguous : error.ambiguous && canBeRepeated;
  if (slot.visible && !(isKept && slot.response)) writer.change({ text_discarded: 1 });
  if (isKept) return error;
  if (!error.unpaid) countCharged(attempt, slot.id);
  if (error.ambiguous && slot.receivedBytes === 0) attempt.bill.writeOff(slot);
  else if (error.ambiguous || slot.response) attempt.bill.breakOff(slot);
  attempt.keyVersion += 1;
  writer.change({ ...closeCall(attempt, slot.id), call_key_version: attempt.keyVersion });
  return error;
}

/** The journal knows the response of a running call: from here on it can be taken up by another worker. */
export function markSafe(attempt: Attempt, slot: CallSlot): void {
  slot.isSafe = true;
  updateOrder(attempt);
}

function updateOrder({ calls, order }: Attempt): void {
  const running = [...calls.values()].filter(({ state }) => state === 'running');
  order.canBeTakenUp = running.length > 0 && running.every(({ isSafe }) => isSafe);
}

/** Responses that run at their providers, or may: of calls in these states. */
export function responsesOf({ calls }: Attempt, ...states: CallSlot['state'][]): LeftResponse[] {
  return [...calls.values()].flatMap(({ state, provider, response }) =>
    response && states.includes(state) ? { provider, id: response.id } : [],
  );
}
