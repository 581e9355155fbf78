/**
 * Steps 4 and 5 of an attempt: call the provider, and record what it says as it says it. Before it: `run-attempt.ts`;
 * after it: `finish-job.ts`.
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
import type { Attempt, LaneProvider } from './run-attempt.ts';

export interface PreparedCall {
  lane: LaneProvider;
  endpoint: ProviderEndpoint;
  body: JsonObject;
}

export interface Answer {
  output: JsonValue;
  usage: { input_tokens: number; output_tokens: number } | null;
}

export async function callProvider(attempt: Attempt, call: PreparedCall): Promise<Answer> {
  const { writer, order } = attempt;
  const { provider } = call.lane;
  await journalBeginning(attempt, call);
  order.signal.throwIfAborted();
  attempt.called = true;
  let answer: Answer | null = null;
  for await (const event of provider.call(requestOf(attempt, call))) {
    if (event.kind === 'result') answer = { output: event.output, usage: event.usage };
    else await record(attempt, event);
    await writer.room();
  }
  if (!answer) throw new AttemptError('provider_bad_response', `${provider.name} ended without an answer.`);
  return answer;
}

async function journalBeginning(attempt: Attempt, { endpoint, body }: PreparedCall): Promise<void> {
  const { claim, writer, response, ambiguousCalls, order, bill } = attempt;
  const { made } = claim.calls;
  attempt.billed = bill.begin(endpoint, body, response !== null);
  writer.write(
    'attempt.started',
    { attempt: claim.attempt, resumed: response !== null },
    { call_open: 1, ambiguous_calls: ambiguousCalls, provider_calls: response ? made : made + 1, ...bill.fields },
  );
  await writer.flushed();
  order.canBeTakenUp = response !== null;
}

function requestOf({ claim, order, response }: Attempt, { lane, endpoint, body }: PreparedCall): ProviderCall {
  const request: ProviderCall = { endpoint, body, signal: order.signal };
  if (response) return { ...request, resume: { responseId: response.id, after: response.cursor } };
  if (lane.background && endpoint === 'responses') request.background = true;
  if (lane.idempotent) request.idempotencyKey = `${claim.jobId}:${claim.calls.group}`;
  return request;
}

async function record(attempt: Attempt, event: Exclude<ProviderEvent, { kind: 'result' }>): Promise<void> {
  const { writer, order } = attempt;
  if (event.kind === 'response') {
    attempt.response = { id: event.id, cursor: -1 };
    return;
  }
  const { response } = attempt;
  const fields =
    response && event.cursor !== undefined ? { response_id: response.id, response_cursor: event.cursor } : {};
  if (response && event.cursor !== undefined) response.cursor = event.cursor;
  if (event.kind === 'text') {
    attempt.text += event.text;
    writer.write('text.delta', event.event ? { text: event.text, event: event.event } : { text: event.text }, fields);
  } else {
    writer.write('provider.event', { event: event.event }, fields);
  }
  if (!response || order.canBeTakenUp) return;
  await writer.flushed();
  order.canBeTakenUp = true;
}
