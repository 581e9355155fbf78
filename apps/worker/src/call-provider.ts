/**
 * Steps 4 and 5 of an attempt: call the provider, and record what it says as it says it. Before it: `run-attempt.ts`;
 * after it: `finish-job.ts`. A task may make many calls, side by side; each takes this way, under its own id.
 *
 * The beginning is in the journal, with the call counted, before the call leaves. So a crash in between counts a call
 * that was never made; the other way round one would be made and not counted.
 *
 * The id of a background response is in the journal before anything that it says. So a crash after that finds it, and the
 * next attempt takes the response up after the last of its events that the journal has; readers see one unbroken text.
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
import { beginCall, type CallSlot, closeCall, markSafe, settleFailedCall } from './call-slots.ts';
import type { Attempt, LaneProvider, WorkerParts } from './run-attempt.ts';
import { settleCall, takeRoom } from './settle-call.ts';

export interface PreparedCall {
  /** '' for the one call of a pass-through task. */
  id: string;
  lane: LaneProvider;
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
}

/** @throws AttemptError; JournalRefusal; the signal's reason */
export async function callProvider(parts: WorkerParts, attempt: Attempt, call: PreparedCall): Promise<Answer> {
  const resumes = attempt.calls.get(call.id)?.response != null;
  const taken = resumes ? 0 : await takeRoom(parts, attempt, call);
  const { slot, fields } = beginCall(attempt, { ...call, visible: call.tells !== 'nothing' });
  const resumed = slot.response !== null;
  call.announce(resumed, fields);
  await attempt.writer.flushed();
  if (resumed) markSafe(attempt, slot);
  if (call.signal.aborted) {
    if (!resumed) attempt.writer.change(closeCall(attempt, slot.id));
    throw call.signal.reason;
  }
  try {
    const answer = await readAnswer(attempt, call, slot);
    attempt.bill.answer(slot, answer.usage);
    if (!resumed) settleCall(parts, attempt, taken, answer.usage);
    return answer;
  } catch (error) {
    call.signal.throwIfAborted();
    throw settleFailedCall(attempt, slot, error);
  }
}

async function readAnswer(attempt: Attempt, call: PreparedCall, slot: CallSlot): Promise<Answer> {
  const { provider } = call.lane;
  let answer: Answer | null = null;
  for await (const event of provider.call(requestOf(attempt, call, slot))) {
    if (event.kind === 'result') answer = { output: event.output, usage: event.usage };
    else {
      // Its task may be over, and the attempt's last event written.
      call.signal.throwIfAborted();
      await record(attempt, call, slot, event);
    }
    await attempt.writer.room();
  }
  if (!answer) throw new AttemptError('provider_bad_response', `${provider.name} ended without an answer.`);
  return answer;
}

function requestOf(
  { claim }: Attempt,
  { id, lane, endpoint, body, signal }: PreparedCall,
  slot: CallSlot,
): ProviderCall {
  const { response, group } = slot;
  if (response) {
    return { endpoint: 'responses', body, signal, resume: { responseId: response.id, after: response.cursor } };
  }
  const request: ProviderCall = { endpoint, body, signal };
  if (lane.background && endpoint === 'responses') request.background = true;
  // With the time of acceptance: a job that was forgotten and accepted anew under its key is another one.
  const key = `${claim.jobId}:${claim.life}.${group}`;
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
  if (response && event.cursor !== undefined) response.cursor = event.cursor;
  if (event.kind === 'text') slot.told += event.text.length;
  const fields = response && event.cursor !== undefined ? callField(slot.id, slot) : {};
  if (event.kind === 'event') {
    writer.write('provider.event', { event: event.event }, fields);
    return;
  }
  attempt.text += event.text;
  const whole = event.event && tells === 'all';
  writer.write('text.delta', whole ? { text: event.text, event: event.event } : { text: event.text }, fields);
}
