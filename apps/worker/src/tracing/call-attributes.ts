/**
 * What a provider call's span says of its request and answer: numbers, names and ids. Prompts and answers only where the settings
 * ask for them. Names are those of the semantic conventions for generative AI, v0.1.0.
 */
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  outputTextOf,
  type ProviderEndpoint,
  type SpanAttributes,
} from '@holdfast/core';
import type { PreparedCall, ProviderAnswer } from '../calls/prepared-call.ts';

export function operationOf(endpoint: ProviderEndpoint): 'chat' | 'embeddings' {
  return endpoint === 'embeddings' ? 'embeddings' : 'chat';
}

export function callAttributes({ id, endpoint, body }: PreparedCall, capturesContent: boolean): SpanAttributes {
  const { reasoning } = body;
  return {
    'gen_ai.operation.name': operationOf(endpoint),
    'gen_ai.request.model': text(body.model),
    'gen_ai.request.max_tokens': number(body.max_output_tokens ?? body.max_completion_tokens ?? body.max_tokens),
    'gen_ai.request.temperature': number(body.temperature),
    'gen_ai.request.seed': number(body.seed),
    'gen_ai.request.reasoning.level': text(isJsonObject(reasoning) ? reasoning.effort : body.reasoning_effort),
    'gen_ai.input.messages': capturesContent ? inputMessages(body) : undefined,
    'holdfast.call.id': id === '' ? undefined : id,
  };
}

export function answerAttributes({ output, usage }: ProviderAnswer, capturesContent: boolean): SpanAttributes {
  const answer = isJsonObject(output) ? output : {};
  return {
    'gen_ai.response.id': text(answer.id),
    'gen_ai.response.model': text(answer.model),
    'gen_ai.response.finish_reasons': finishReasons(answer),
    'gen_ai.usage.input_tokens': usage?.input_tokens,
    'gen_ai.usage.output_tokens': usage?.output_tokens,
    ...detailedUsage(isJsonObject(answer.usage) ? answer.usage : {}),
    'gen_ai.output.messages': capturesContent ? outputMessages(output) : undefined,
  };
}

/** Responses and chat completions have other names for the same. */
function detailedUsage(usage: JsonObject): SpanAttributes {
  const input = usage.input_tokens_details ?? usage.prompt_tokens_details ?? null;
  const output = usage.output_tokens_details ?? usage.completion_tokens_details ?? null;
  return {
    'gen_ai.usage.cache_read.input_tokens': isJsonObject(input) ? number(input.cached_tokens) : undefined,
    'gen_ai.usage.reasoning.output_tokens': isJsonObject(output) ? number(output.reasoning_tokens) : undefined,
  };
}

function finishReasons({ choices, status, incomplete_details: incomplete }: JsonObject): string[] | undefined {
  if (Array.isArray(choices)) {
    const reasons = choices.flatMap((choice) => (isJsonObject(choice) ? (text(choice.finish_reason) ?? []) : []));
    return reasons.length > 0 ? reasons : undefined;
  }
  if (status === 'completed') return ['stop'];
  const reason = isJsonObject(incomplete) ? text(incomplete.reason) : undefined;
  return reason === undefined ? undefined : [reason];
}

/** As JSON. undefined: the request has no messages, as one for embeddings. */
function inputMessages({ messages, input, instructions }: JsonObject): string | undefined {
  const asked = messages ?? input;
  const system = typeof instructions === 'string' ? [message('system', instructions)] : [];
  if (typeof asked === 'string') return JSON.stringify([...system, message('user', asked)]);
  if (!Array.isArray(asked)) return undefined;
  const said = asked.filter(isJsonObject).map(({ role, content }) => message(text(role) ?? 'user', content));
  return JSON.stringify([...system, ...said]);
}

function outputMessages(output: JsonValue): string | undefined {
  const answer = outputTextOf(output);
  return answer === null ? undefined : JSON.stringify([message('assistant', answer)]);
}

/** Of a part that is no text, as an image, only its type is shown. */
function message(role: string, content: JsonValue | undefined) {
  const parts = Array.isArray(content) ? content : typeof content === 'string' ? [content] : [];
  return {
    role,
    parts: parts.map((part) => {
      if (typeof part === 'string') return { type: 'text', content: part };
      if (!isJsonObject(part)) return { type: 'unknown' };
      return typeof part.text === 'string'
        ? { type: 'text', content: part.text }
        : { type: text(part.type) ?? 'unknown' };
    }),
  };
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function number(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
