/** `POST /v1/responses`. A background response runs detached, and is answered at once when it isn't streamed. */

import { badRequest } from '../http/api-error.ts';
import { countField, flagField, numberField } from '../http/check-fields.ts';
import { isJsonObject, type JsonObject } from '../http/json.ts';
import type { Faults } from '../instructions/faults.ts';
import { driveResponse } from '../run/drive-response.ts';
import { boundFaults, planRun } from '../run/plan-run.ts';
import { ResponseDraft } from '../run/response-draft.ts';
import { inputTokensOf, jsonFormatOf, planAnswer } from '../text/answer.ts';
import type { World } from '../world.ts';
import { type Call, modelOf, type Prepared } from './serve-call.ts';

/** @throws ApiError 400, 404 */
export function prepareResponse(world: World, call: Call, requested: Faults): Prepared {
  const { body, instructions } = call;
  const stream = flagField(body, 'stream') ?? false;
  const draft = planResponse(call, requested);
  const tokens = draft.answer.pieces.length;
  const faults = boundFaults(requested, tokens);
  const detached = draft.background || call.idempotencyKey !== null;
  const run = planRun(world, call, { faults, detached, tokens, toBody: () => draft.toBody() });
  const pace = { ttftMs: instructions.ttft_ms, itlMs: instructions.itl_ms };
  const drive = () => {
    // Before its first event, so that it can be retrieved as soon as its id is known.
    if (body.store !== false) void world.responses.store(draft.id, { run, draft, instructions, retrieves: 0 });
    return driveResponse(run, draft, pace, faults);
  };
  const deliverAs = stream ? 'stream' : draft.background ? 'receipt' : 'body';
  return { run, drive, deliverAs, faults, cost: draft.inputTokens + tokens };
}

function planResponse({ body, instructions }: Call, faults: Faults): ResponseDraft {
  const model = modelOf(body);
  const background = flagField(body, 'background') ?? false;
  const store = flagField(body, 'store') ?? true;
  if (background && !store) throw badRequest("Background responses need 'store' to be true.", 'store');
  numberField(body, 'temperature', 0, 2);
  const input = inputOf(body);
  const answer = planAnswer(instructions, faults, {
    prompt: [body.instructions ?? null, input],
    maxTokens: countField(body, 'max_output_tokens', Number.MAX_SAFE_INTEGER),
    tools: body.tools,
    format: isJsonObject(body.text) ? jsonFormatOf(body.text.format) : null,
    afterTool: isAfterTool(input),
  });
  return new ResponseDraft({ request: body, model, background, store, answer, inputTokens: inputTokensOf(input) });
}

function inputOf(body: JsonObject): string | unknown[] {
  const { input } = body;
  if (typeof input === 'string' || (Array.isArray(input) && input.length > 0)) return input;
  throw badRequest("Invalid 'input': expected a text or an array with at least one item.", 'input');
}

function isAfterTool(input: string | unknown[]): boolean {
  const last = Array.isArray(input) ? input.at(-1) : null;
  return isJsonObject(last) && last.type === 'function_call_output';
}
