/**
 * Writes a Response's events, in OpenAI's order:
 *
 *   response.created, response.queued (background only), response.in_progress,
 *   response.output_item.added, response.content_part.added, response.output_text.delta …,
 *   response.output_text.done, response.content_part.done, response.output_item.done,
 *   one of response.completed, response.incomplete, response.failed
 *
 * A refusal has `refusal` events instead of `output_text`; a tool call has `function_call_arguments` and no content part.
 * `sequence_number` counts from 0 and is the frame's index in the run. There is no event for a cancelled response: its
 * stream ends with response.incomplete, whose response has the status `cancelled`.
 */
import { setImmediate } from 'node:timers/promises';
import type { JsonObject } from '../http/json.ts';
import { formatEvent } from '../http/sse.ts';
import { type Faults, TOKENS_BEFORE_ERROR } from '../instructions/faults.ts';
import type { ItemStatus, ResponseDraft } from './response-draft.ts';
import type { Pace, Run } from './run.ts';

type Emit = (type: string, fields: JsonObject, tokens?: number) => void;

/** Throws when the run is stopped. */
export async function driveResponse(run: Run, draft: ResponseDraft, pace: Pace, faults: Faults) {
  const emit: Emit = (type, fields, tokens = 0) => {
    const sequence = run.frames.length;
    const sse = formatEvent(type, { type, sequence_number: sequence, ...fields });
    run.push({ sse, tokens, ...(isTerminal(type) && { role: 'done' as const }) });
  };
  try {
    await begin(draft, emit);
    const breaks = faults.errorEvent || faults.failed !== null;
    const length = draft.answer.pieces.length;
    const breakAt = breaks ? Math.min(TOKENS_BEFORE_ERROR, length) : Number.POSITIVE_INFINITY;
    for await (const index of run.paceTokens(length, pace)) {
      if (index >= breakAt) break;
      emitDelta(draft, emit, draft.takeToken(index));
    }
    if (breaks) return fail(draft, emit, faults);
  } catch (stopped) {
    if (run.stopped === 'cancelled') end(draft, emit, 'incomplete', 'cancelled');
    throw stopped;
  }
  const whole = draft.answer.finish === 'stop' || draft.answer.finish === 'tool_calls';
  const status = whole ? 'completed' : 'incomplete';
  end(draft, emit, status, status);
  return 'completed';
}

function isTerminal(type: string): boolean {
  return /^response\.(completed|incomplete|failed)$/.test(type);
}

async function begin(draft: ResponseDraft, emit: Emit): Promise<void> {
  emit('response.created', { response: draft.toBody() });
  if (draft.background) {
    emit('response.queued', { response: draft.toBody() });
    await setImmediate();
    draft.status = 'in_progress';
  }
  emit('response.in_progress', { response: draft.toBody() });
  draft.itemStatus = 'in_progress';
  emit('response.output_item.added', { output_index: 0, item: draft.item(false) });
  if (draft.answer.kind !== 'tool') {
    emit('response.content_part.added', { ...placeOf(draft), content_index: 0, part: draft.part('') });
  }
}

const placeOf = ({ itemId }: ResponseDraft) => ({ item_id: itemId, output_index: 0 });

function emitDelta(draft: ResponseDraft, emit: Emit, delta: string): void {
  const place = placeOf(draft);
  const { kind } = draft.answer;
  if (kind === 'tool') emit('response.function_call_arguments.delta', { ...place, delta }, 1);
  else if (kind === 'refusal') emit('response.refusal.delta', { ...place, content_index: 0, delta }, 1);
  else emit('response.output_text.delta', { ...place, content_index: 0, delta, logprobs: [] }, 1);
}

function end(
  draft: ResponseDraft,
  emit: Emit,
  itemStatus: ItemStatus,
  status: 'completed' | 'incomplete' | 'cancelled',
) {
  const place = placeOf(draft);
  const { text } = draft;
  draft.itemStatus = itemStatus;
  if (draft.answer.kind === 'tool') {
    emit('response.function_call_arguments.done', { ...place, name: draft.answer.tool?.name, arguments: text });
  } else {
    if (draft.answer.kind === 'refusal') emit('response.refusal.done', { ...place, content_index: 0, refusal: text });
    else emit('response.output_text.done', { ...place, content_index: 0, text, logprobs: [] });
    emit('response.content_part.done', { ...place, content_index: 0, part: draft.part(text) });
  }
  emit('response.output_item.done', { output_index: 0, item: draft.item(true) });
  draft.end(status);
  emit(status === 'completed' ? 'response.completed' : 'response.incomplete', { response: draft.toBody() });
}

function fail(draft: ResponseDraft, emit: Emit, faults: Faults): 'failed' {
  const code = faults.failed ?? 'server_error';
  const message = 'The model had an error while generating this response.';
  draft.itemStatus = 'incomplete';
  draft.error = { code, message };
  draft.end('failed');
  if (faults.failed !== null) emit('response.failed', { response: draft.toBody() });
  // Flat as in OpenAI's schema, and nested for the SDKs, which only throw on that.
  else emit('error', { code, message, param: null, error: { type: 'server_error', code, message, param: null } });
  return 'failed';
}
