/** The conversation in a request: chat messages, or the input of the Responses API. Other inputs have none. */
import { contentTextOf, isJsonObject, type JsonValue } from '@holdfast/core';

export interface Message {
  role: string;
  /** Its text; null: it has none. */
  text: string | null;
  /** What isn't text, as images and calls of tools. */
  rest: JsonValue | null;
}

function textPart(part: JsonValue): boolean {
  return typeof part === 'string' || (isJsonObject(part) && typeof part.text === 'string');
}

/** Texts of a Responses input have a type of their own. */
function asText(content: JsonValue | undefined): string | null {
  if (!Array.isArray(content)) return contentTextOf(content);
  return contentTextOf(
    content.map((part) => (isJsonObject(part) && part.type === 'input_text' ? (part.text ?? '') : part)),
  );
}

function messageOf(value: JsonValue): Message {
  if (typeof value === 'string') return { role: 'user', text: value, rest: null };
  if (!isJsonObject(value) || typeof value.role !== 'string') return { role: 'item', text: null, rest: value };
  const { role, content, ...others } = value;
  const parts = Array.isArray(content) ? content.filter((part) => !textPart(part)) : [];
  const { type: _type, ...members } = others;
  const hasMore = parts.length > 0 || Object.keys(members).length > 0;
  const rest = hasMore ? { ...members, ...(parts.length > 0 ? { content: parts } : {}) } : null;
  return { role, text: asText(content), rest };
}

/** null: the request is no conversation. */
export function messagesOf(request: JsonValue): Message[] | null {
  const input = isJsonObject(request) ? request.input : null;
  if (!isJsonObject(input)) return null;
  const { messages, instructions, input: items } = input;
  if (Array.isArray(messages)) return messages.map(messageOf);
  const system = typeof instructions === 'string' ? [{ role: 'instructions', text: instructions, rest: null }] : [];
  if (typeof items === 'string') return [...system, { role: 'user', text: items, rest: null }];
  if (Array.isArray(items) && items.some((item) => isJsonObject(item))) return [...system, ...items.map(messageOf)];
  return null;
}
