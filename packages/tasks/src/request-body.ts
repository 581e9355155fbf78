/** The body of a task's provider call, for either surface. Members that weren't given aren't sent. */
import type { JsonObject, JsonValue } from '@holdfast/core';
import type { GenerateOptions, Message } from './task-context.ts';
import { TaskError } from './task-error.ts';
import type { TaskHost } from './task-host.ts';

/** @param answerSchema JSON Schema of the answer, where it is to be structured */
export function requestBody(
  endpoint: TaskHost['endpoint'],
  options: GenerateOptions & { model: string },
  answerSchema?: JsonObject,
): JsonObject {
  const { model, prompt, messages = [], instructions, max_output_tokens: maxTokens, temperature, metadata } = options;
  if ((prompt === undefined) === (messages.length === 0)) throw new TaskError('generate takes a prompt or messages.');
  const conversation: Message[] = prompt === undefined ? [...messages] : [{ role: 'user', content: prompt }];
  const isResponse = endpoint === 'responses';
  const system: Message[] = instructions === undefined ? [] : [{ role: 'system', content: instructions }];
  return given({
    model,
    ...(isResponse ? { instructions, input: plain(conversation) } : { messages: plain([...system, ...conversation]) }),
    [isResponse ? 'max_output_tokens' : 'max_completion_tokens']: maxTokens,
    temperature,
    metadata: metadata && Object.keys(metadata).length > 0 ? { ...metadata } : undefined,
    ...(answerSchema ? formatMember(isResponse, answerSchema) : {}),
  });
}

function formatMember(isResponse: boolean, schema: JsonObject): JsonObject {
  const format = { name: 'answer', schema, strict: true };
  return isResponse
    ? { text: { format: { type: 'json_schema', ...format } } }
    : { response_format: { type: 'json_schema', json_schema: format } };
}

function plain(messages: readonly Message[]): JsonObject[] {
  return messages.map(({ role, content }) => ({ role, content }));
}

function given(members: Record<string, JsonValue | undefined>): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as JsonObject;
}
