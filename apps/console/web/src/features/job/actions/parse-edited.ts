/** JSON that a person has edited. */
import type { JsonValue } from '@holdfast/core';

export type Edited = { isValid: true; value: JsonValue } | { isValid: false; fault: string };

/** Browsers say where a text breaks in words of their own: by a place in the text, by a line, or not at all. */
function placeIn(text: string, message: string): string {
  const line = /line (\d+) column (\d+)/.exec(message);
  if (line) return `line ${line[1]}, column ${line[2]}`;
  const position = /position (\d+)/.exec(message)?.[1];
  if (position === undefined) return 'its end';
  const before = text.slice(0, Number(position)).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

export function parseEdited(text: string): Edited {
  try {
    return { isValid: true, value: JSON.parse(text) as JsonValue };
  } catch (error) {
    return { isValid: false, fault: `This is not JSON. It breaks at ${placeIn(text, (error as Error).message)}.` };
  }
}
