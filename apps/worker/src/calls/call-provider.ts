/**
 * Steps 4 and 5 of an attempt: call a provider, and record what it says as it says it. Before it: `run-attempt.ts`;
 * after it: `finish-job.ts`. A task may make many calls, side by side; each takes this way, under its own id.
 *
 *   choose   the first of the lane's providers that may be called: `choose-provider.ts`
 *   cover    what it may cost is reserved at the tenant's budgets, or it isn't made: `reserve-budget.ts`
 *   begin    the beginning is in the journal, with the call counted, before the call leaves. So a crash in between counts a
 *            call that was never made; the other way round one would be made and not counted
 *   record   the id of a background response is in the journal before anything that it says. So a crash after that finds
 *            it, and the next attempt takes the response up after the last of its events that the journal has; readers see
 *            one unbroken text
 *   switch   a provider that has failed before readers had anything of it is followed by the next: a new call, counted and
 *            billed like any. After that its attempt fails, and the next one asks the others first
 *   wait     where all are known to be ill: `await-provider.ts`
 *   stop     once as many calls for the answer as its lane allows were or may have been paid: `failed-calls.ts`
 */
import {
  AttemptError,
  type JsonObject,
  type JsonValue,
  type ProviderCall,
  type ProviderEndpoint,
  type ProviderEvent,
} from '@holdfast/core';
import { callField, type FieldChanges } from '@holdfast/journal';
import { healthOf, mayBeOfRequest, type Pass } from '@holdfast/providers';
import { answerTooLarge } from '../attempt/finish-job.ts';
import type { Attempt, WorkerParts } from '../attempt/run-attempt.ts';
import { ProviderAwaiter } from './await-provider.ts';
import { beginCall, type CallSlot, closeCall, leaveOtherProvider, markSafe, settleFailedCall } from './call-slots.ts';
import { askerOf, type Choice, chooseProvider, type Failure, sumUp, triedOf } from './choose-provider.ts';
import { callLimit, keepError } from './failed-calls.ts';
import type { Lane, LaneProvider } from './lane-providers.ts';
import { reserveBudget } from './reserve-budget.ts';
import { acquireCall, settleCall } from './settle-call.ts';

export interface PreparedCall {
  /** '' for the one call of a pass-through task. */
  id: string;
  lane: Lane;
  endpoint: ProviderEndpoint;
  body: JsonObject;
  signal: AbortSignal;
  /** What readers get: all that the provider says, its text, or nothing. */
  tells: 'all' | 'text' | 'nothing';
  /** Writes the event that the call begins by. `resumed`: it is one that an earlier attempt has made. */
  announce(resumed: boolean, fields: FieldChanges): void;
}

export interface Answer {
  output: JsonValue;
  usage: { input_tokens: number; output_tokens: number } | null;
  /** Name of the one that gave it. */
  provider: string;
}

const NO_USAGE = { input_tokens: 0, output_tokens: 0 };

/** @throws AttemptError; JournalRefusal; the signal's reason */
export async function callProvider(parts: WorkerParts, attempt: Attempt, call: PreparedCall): Promise<Answer> {
  if (attempt.calls.get(call.id)?.response) return askProviders(parts, attempt, call, { isUsed: true });
  const taken = await acquireCall(parts, attempt, call);
  const room = { isUsed: false };
  try {
    const answer = await askProviders(parts, attempt, call, room);
    settleCall(parts, attempt, taken, answer.usage);
    return answer;
  } catch (error) {
    if (!room.isUsed) settleCall(parts, attempt, taken, NO_USAGE);
    throw error;
  }
}

/** @param room whether a call may have left for which it was taken */
async function askProviders(
  parts: WorkerParts,
  attempt: Attempt,
  call: PreparedCall,
  room: { isUsed: boolean },
): Promise<Answer> {
  const awaiter = new ProviderAwaiter(parts, attempt, call);
  let failed: Failure[] = [];
  /** Why the call goes on: it has been announced by then. */
  let before: AttemptError | undefined;
  for (;;) {
    const limit = callLimit(attempt, call);
    if (limit) throw limit;
    const choice = choose(attempt, call, failed);
    if (!choice) {
      // What trials have found out was known before: their providers are ill.
      const error = failed.every(({ isTrial }) => isTrial) ? undefined : sumUp(failed, attempt.tried);
      if (error) throw error;
      failed = [];
      await awaiter.wait();
      continue;
    }
    const wasUsed = room.isUsed;
    room.isUsed = true;
    const { answer, failure, refusal } = await makeCall(parts, attempt, call, choice, before);
    if (answer) return answer;
    if (refusal) {
      room.isUsed = wasUsed;
      throw sumUp(failed, attempt.tried) ?? refusal;
    }
    failed.push(failure);
    before = failure.error;
    const error = sumUp(failed, attempt.tried) ?? failure.error;
    keepError(attempt, call.id, error);
    if (!goesOn(attempt, call, failure)) throw callLimit(attempt, call) ?? error;
  }
}

function choose(attempt: Attempt, { id, lane }: PreparedCall, failed: readonly Failure[]): Choice | null {
  return chooseProvider(lane, {
    asker: askerOf(attempt),
    left: attempt.calls.get(id),
    paysOnce: attempt.claim.request.on_ambiguous === 'fail',
    failed,
    last: attempt.tried,
  });
}

type Made =
  | { answer: Answer; failure?: never; refusal?: never }
  | { answer?: never; failure: Failure; refusal?: never }
  /** It wasn't made. */
  | { answer?: never; failure?: never; refusal: AttemptError };

/** @param before why the call goes on here: another provider has failed it */
async function makeCall(
  parts: WorkerParts,
  attempt: Attempt,
  asked: PreparedCall,
  { by, pass }: Choice,
  before: AttemptError | undefined,
): Promise<Made> {
  const call = by.model === null ? asked : { ...asked, body: { ...asked.body, model: by.model } };
  const provider = by.provider.name;
  try {
    leaveOtherProvider(attempt, call.id, provider);
    // What was left at another provider may have been the last that the limit allows.
    const refusal = callLimit(attempt, call) ?? (await coverCall(parts, attempt, call));
    if (refusal) return { refusal };
    // Begun after the order to stop, it would be left open in the record, and taken for one that may have been paid.
    call.signal.throwIfAborted();
    const { slot, fields } = beginCall(attempt, { ...call, provider, visible: call.tells !== 'nothing' });
    const resumed = slot.response !== null;
    if (!before) call.announce(resumed, fields);
    else attempt.writer.write('provider.switched', { call: call.id, provider, error: before.toJobError() }, fields);
    await attempt.writer.flushed();
    if (resumed) markSafe(attempt, slot);
    if (call.signal.aborted) {
      if (!resumed) attempt.writer.change(closeCall(attempt, slot.id));
      throw call.signal.reason;
    }
    try {
      const answer = await readAnswer(parts, attempt, call, by, slot);
      pass?.succeeded();
      attempt.bill.answer(slot, answer.usage);
      return { answer };
    } catch (thrown) {
      call.signal.throwIfAborted();
      const error = settleFailedCall(attempt, slot, thrown);
      const failure = { by, error, isTrial: pass?.isTrial ?? false, hasEmitted: slot.hasEmitted };
      judge(attempt, slot, failure, pass);
      return { failure };
    }
  } finally {
    pass?.left();
  }
}

/** @returns why it must not leave */
async function coverCall(parts: WorkerParts, attempt: Attempt, call: PreparedCall): Promise<AttemptError | null> {
  return attempt.calls.get(call.id)?.response ? null : reserveBudget(parts, attempt, call);
}

/** What a failed call says of its provider, and whether readers have something of it that won't go on. */
function judge(attempt: Attempt, slot: CallSlot, failure: Failure, pass: Pass | null): void {
  const { by, error } = failure;
  const health = healthOf(error);
  const why = triedOf(failure);
  const hasOthers = (attempt.lane?.providers.length ?? 0) > 1;
  // Where there is nobody else, what no waiting mends is the job's own error: a key that is refused, say.
  if (health === 'unhealthy' && (hasOthers || error.retryable)) pass?.failed(why, mayBeOfRequest(error));
  if (health === 'overloaded' && hasOthers) by.breaker.shut(Math.min(error.retryAfterMs ?? 0, LONGEST_QUIET_MS), why);
  const isKept = attempt.calls.has(slot.id);
  if (health !== null && !isKept && slot.hasEmitted && hasOthers) attempt.failedMidway = why;
}

/** One that asks for more quiet than this, in ms, is tried again after this: one word shouldn't shut it out for hours. */
const LONGEST_QUIET_MS = 60_000;

/** Whether the call is to be made to another provider, in the same attempt, or to the same one when that is well again. */
function goesOn(attempt: Attempt, { id, lane }: PreparedCall, { error, isTrial, hasEmitted }: Failure): boolean {
  if (healthOf(error) === null) return false;
  if (lane.providers.length === 1 && (!isTrial || hasEmitted || !error.retryable)) return false;
  if (attempt.calls.has(id) || attempt.failedMidway !== null) return false;
  return !(attempt.hasPaidForNothing && attempt.claim.request.on_ambiguous === 'fail');
}

async function readAnswer(
  parts: WorkerParts,
  attempt: Attempt,
  call: PreparedCall,
  by: LaneProvider,
  slot: CallSlot,
): Promise<Answer> {
  const { provider } = by;
  const request = requestOf(attempt, call, slot);
  const [first] = call.lane.providers;
  if (by === first) request.onRoom = (room) => parts.room.learn(attempt.claim.lane, room);
  let answer: Answer | null = null;
  for await (const event of provider.call(request)) {
    if (event.kind === 'result') answer = { output: event.output, usage: event.usage, provider: provider.name };
    else {
      // Its task may be over, and the attempt's last event written.
      call.signal.throwIfAborted();
      await record(attempt, call, slot, event);
    }
    const { written } = attempt.writer;
    if (written > parts.maxAnswerBytes) throw answerTooLarge(written, parts.maxAnswerBytes, true);
    await attempt.writer.waitForDrain();
  }
  if (!answer) {
    throw new AttemptError('provider_bad_response', `${provider.name} ended without an answer.`, {
      provider: provider.name,
    });
  }
  return answer;
}

function requestOf(
  { claim }: Attempt,
  { id, lane, endpoint, body, signal }: PreparedCall,
  slot: CallSlot,
): ProviderCall {
  const { response, keyVersion } = slot;
  if (response) {
    return { endpoint: 'responses', body, signal, resume: { responseId: response.id, after: response.cursor } };
  }
  const request: ProviderCall = { endpoint, body, signal };
  if (lane.background && endpoint === 'responses') request.background = true;
  // With the time of acceptance: a job that was forgotten and accepted anew under its key is another one.
  const key = `${claim.jobId}:${claim.generation}.${keyVersion}`;
  if (lane.idempotent) request.idempotencyKey = id === '' ? key : `${key}:${id}`;
  return request;
}

type Said = Exclude<ProviderEvent, { kind: 'result' }>;

async function record(attempt: Attempt, call: PreparedCall, slot: CallSlot, event: Said): Promise<void> {
  const { writer } = attempt;
  if (event.kind === 'text') slot.receivedBytes += Buffer.byteLength(event.text);
  if (event.kind === 'response') {
    slot.response = { id: event.id, cursor: -1 };
    // A call that tells everything tells this as well, with its next event.
    if (call.tells === 'all') return;
    writer.write('call.accepted', { call: call.id }, callField(slot.id, slot));
  } else {
    tell(attempt, call, slot, event);
  }
  if (!slot.response || slot.isSafe) return;
  await writer.flushed();
  markSafe(attempt, slot);
}

function tell(
  attempt: Attempt,
  { tells }: PreparedCall,
  slot: CallSlot,
  event: Exclude<Said, { kind: 'response' }>,
): void {
  if (tells === 'nothing' || (tells === 'text' && event.kind !== 'text')) return;
  const { writer } = attempt;
  const { response } = slot;
  const isFirst = !slot.hasEmitted;
  slot.hasEmitted = true;
  if (response && event.cursor !== undefined) response.cursor = event.cursor;
  if (event.kind === 'text') slot.emitted += event.text.length;
  const fields = response && event.cursor !== undefined ? callField(slot.id, slot) : {};
  if (event.kind === 'event') {
    writer.write('provider.event', { event: event.event }, fields);
    return;
  }
  attempt.text += event.text;
  const whole = event.event && tells === 'all';
  writer.write('text.delta', whole ? { text: event.text, event: event.event } : { text: event.text }, fields);
  if (isFirst) writer.hurry();
}
