/** `POST /v1/chat/completions`. The stream: role, one token per chunk, finish_reason, usage if requested, `[DONE]`. */
import { randomBytes } from 'node:crypto';
import { badRequest } from '../http/api-error.ts';
import { countField, flagField, numberField } from '../http/check-fields.ts';
import { isJsonObject, type JsonObject } from '../http/json.ts';
import { doneFrame, formatData } from '../http/sse.ts';
import { type Faults, TOKENS_BEFORE_ERROR } from '../instructions/faults.ts';
import { ChatDraft } from '../run/chat-draft.ts';
import { boundFaults, planRun } from '../run/plan-run.ts';
import type { Pace, Run } from '../run/run.ts';
import { inputTokensOf, jsonFormatOf, type PlannedAnswer, planAnswer } from '../text/answer.ts';
import type { World } from '../world.ts';
import { type Call, modelOf, type Prepared } from './serve-call.ts';

const MAX_CHOICES = 8;

/** @throws ApiError 400, 404 */
export function prepareChat(world: World, call: Call, requested: Faults): Prepared {
  const { body, instructions } = call;
  const model = modelOf(body);
  const messages = messagesOf(body);
  const stream = flagField(body, 'stream') ?? false;
  const choices = planChoices(call, requested, messages);
  const draft = new ChatDraft({
    id: `chatcmpl-${randomBytes(15).toString('hex')}`,
    created: Math.floor(Date.now() / 1000),
    model,
    choices,
    inputTokens: inputTokensOf(messages),
  });
  const faults = boundFaults(requested, draft.length);
  const detached = call.idempotencyKey !== null;
  const run = planRun(world, call, { faults, detached, tokens: draft.length, toBody: () => draft.toBody() });
  const includeUsage = isJsonObject(body.stream_options) && body.stream_options.include_usage === true;
  const pace = { ttftMs: instructions.ttft_ms, itlMs: instructions.itl_ms };
  const drive = () => driveChat(run, draft, { pace, faults, includeUsage });
  return { run, drive, deliverAs: stream ? 'stream' : 'body', faults, cost: draft.inputTokens + draft.length };
}

function messagesOf(body: JsonObject): JsonObject[] {
  const { messages } = body;
  if (!Array.isArray(messages) || messages.length === 0) {
    throw badRequest("Invalid 'messages': expected an array with at least one message.", 'messages');
  }
  const wrong = messages.findIndex((message) => !isJsonObject(message) || typeof message.role !== 'string');
  if (wrong !== -1) throw badRequest(`Invalid 'messages[${wrong}]': expected an object with a role.`, 'messages');
  return messages as JsonObject[];
}

function planChoices({ body, instructions }: Call, faults: Faults, messages: JsonObject[]): PlannedAnswer[] {
  numberField(body, 'temperature', 0, 2);
  const max = Number.MAX_SAFE_INTEGER;
  const request = {
    prompt: messages,
    maxTokens: countField(body, 'max_completion_tokens', max) ?? countField(body, 'max_tokens', max),
    tools: body.tools,
    format: jsonFormatOf(body.response_format),
    afterTool: messages.at(-1)?.role === 'tool',
  };
  const count = countField(body, 'n', MAX_CHOICES) ?? 1;
  return Array.from({ length: count }, (_, choice) => planAnswer(instructions, faults, request, choice));
}

interface ChatRun {
  pace: Pace;
  faults: Faults;
  includeUsage: boolean;
}

async function driveChat(run: Run, draft: ChatDraft, { pace, faults, includeUsage }: ChatRun) {
  const usage = includeUsage ? { usage: null } : {};
  const push = (choices: object[], tokens: number, role?: 'finish') =>
    run.push({ sse: formatData({ ...draft.chunkHead(), choices, ...usage }), tokens, ...(role && { role }) });
  for (const choice of draft.choices.keys()) push([draft.roleDelta(choice)], 0);
  const breaks = faults.errorEvent || faults.failed !== null;
  const breakAt = breaks ? Math.min(TOKENS_BEFORE_ERROR, draft.length) : Number.POSITIVE_INFINITY;
  for await (const index of run.paceTokens(draft.length, pace)) {
    if (index >= breakAt) break;
    push([draft.takeToken(index)], 1);
  }
  if (breaks) {
    run.push({ sse: formatData(draft.fail(faults.failed ?? 'server_error')), tokens: 0 });
    return 'failed';
  }
  for (const choice of draft.choices.keys()) push([draft.finishDelta(choice)], 0, 'finish');
  if (includeUsage) {
    run.push({ sse: formatData({ ...draft.chunkHead(), choices: [], usage: draft.usage() }), tokens: 0 });
  }
  run.push({ sse: doneFrame, tokens: 0, role: 'done' });
  return 'completed';
}
