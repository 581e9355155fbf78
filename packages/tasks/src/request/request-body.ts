/** The body of a task's provider call, for `responses` or `chat.completions`. Members that are undefined are not sent. */
import type { JsonObject, JsonValue } from '@holdfast/core';
import type { Structure } from '../answer/answer-format.ts';
import type { GenerateOptions, Message } from '../context/task-context.ts';
import type { TaskHost } from '../context/task-host.ts';
import { TaskError } from '../task-error.ts';

/** @param structure of a structured answer @throws TaskError if there is not exactly one of prompt and messages */
export function requestBody(
  endpoint: TaskHost['endpoint'],
  options: GenerateOptions & { model: string },
  structure?: Structure,
): JsonObject {
  const { model, prompt, messages = [], instructions, max_output_tokens: maxTokens, temperature, metadata } = options;
  if ((prompt === undefined) === (messages.length === 0))
    throw new TaskError('generate: expected either `prompt` or `messages`. Give one of the two.');
  const conversation: Message[] = prompt === undefined ? [...messages] : [{ role: 'user', content: prompt }];
  const isResponse = endpoint === 'responses';
  return definedOnly({
    model,
    ...(isResponse ? responseInput : chatInput)(instructions, conversation, wordsFor(structure)),
    [isResponse ? 'max_output_tokens' : 'max_completion_tokens']: maxTokens,
    temperature,
    metadata: metadata && Object.keys(metadata).length > 0 ? { ...metadata } : undefined,
    ...(structure ? formatMember(isResponse, structure) : {}),
  });
}

/** One system message: not every model accepts a second. */
function chatInput(instructions: string | undefined, conversation: readonly Message[], words: string | undefined) {
  const parts = [instructions, words].filter((part) => part !== undefined);
  const system: Message[] = parts.length === 0 ? [] : [{ role: 'system', content: parts.join('\n\n') }];
  return { messages: plain([...system, ...conversation]) };
}

/** OpenAI accepts `json_object` only if the input itself asks for JSON, beside the instructions. */
function responseInput(instructions: string | undefined, conversation: readonly Message[], words: string | undefined) {
  const system: Message[] = words === undefined ? [] : [{ role: 'system', content: words }];
  return { instructions, input: plain([...system, ...conversation]) };
}

/** The schema as part of the prompt, if it isn't sent as a format. */
function wordsFor(structure: Structure | undefined): string | undefined {
  if (!structure || structure.format === 'json_schema') return undefined;
  return `Answer with nothing but JSON that fits this JSON Schema: ${JSON.stringify(structure.schema)}`;
}

function formatMember(isResponse: boolean, { schema, format: type }: Structure): JsonObject {
  if (type === 'text') return {};
  const format = { name: 'answer', schema, strict: true };
  if (type === 'json_object') return isResponse ? { text: { format: { type } } } : { response_format: { type } };
  return isResponse ? { text: { format: { type, ...format } } } : { response_format: { type, json_schema: format } };
}

function plain(messages: readonly Message[]): JsonObject[] {
  return messages.map(({ role, content }) => ({ role, content }));
}

function definedOnly(members: Record<string, JsonValue | undefined>): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as JsonObject;
}
