/** JSON that a person has edited. */
import { isJsonObject, type JsonObject, type JsonValue } from '@holdfast/core';

export type Edited = { isValid: true; value: JsonObject } | { isValid: false; fault: string };

/** Browsers say where a text breaks in words of their own, and most count from its beginning: people count lines. */
function withPlace(text: string, message: string): string {
  const position = /position (\d+)/.exec(message)?.[1];
  if (position === undefined || message.includes('line ')) return message;
  const before = text.slice(0, Number(position)).split('\n');
  return `${message}, line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

export function parseEdited(text: string): Edited {
  try {
    const value = JSON.parse(text) as JsonValue;
    if (isJsonObject(value)) return { isValid: true, value };
    return { isValid: false, fault: 'The input of a task is an object: { … }.' };
  } catch (error) {
    return { isValid: false, fault: `This is not JSON: ${withPlace(text, (error as Error).message)}.` };
  }
}
