/**
 * Finds the JSON that a model was asked for in its answer. It looks at these, in this order; the first that holds JSON counts:
 *
 *   1. the text itself
 *   2. what a code fence holds
 *   3. an object in the text, or an array that begins a line
 *
 * What a model thinks aloud (`<think>…</think>`) is left out. Nothing is guessed: if several different values fit, none is taken,
 * and the model is asked again.
 */
import { canonicalJson, type JsonValue } from '@holdfast/core';
import type { z } from 'zod';
import { describeIssues } from '../describe-issues.ts';

export type ReadAnswer<Value> = { value: Value } | { issue: string };

export function readJsonAnswer<Schema extends z.ZodType>(schema: Schema, text: string): ReadAnswer<z.output<Schema>> {
  const whole = parse(text.trim());
  if (whole !== undefined) return choose(schema, [whole]);
  const said = withoutThoughts(text);
  for (const find of [inText, inFences, inside]) {
    const found = find(said);
    if (found.length > 0) return choose(schema, found);
  }
  return { issue: '(the whole): not JSON' };
}

/** The only one that fits. */
function choose<Schema extends z.ZodType>(schema: Schema, values: readonly JsonValue[]): ReadAnswer<z.output<Schema>> {
  const checked = values.map((value) => ({ value, result: schema.safeParse(value) }));
  const fitting = checked.flatMap(({ value, result }) => (result.success ? [{ value, data: result.data }] : []));
  const [first] = fitting;
  if (first) {
    if (new Set(fitting.map(({ value }) => canonicalJson(value))).size === 1) return { value: first.data };
    return { issue: '(the whole): several answers' };
  }
  const error = checked.at(-1)?.result.error;
  return { issue: error ? describeIssues(error) : '(the whole): not JSON' };
}

const THOUGHT_TAGS = ['think', 'thinking', 'reasoning'];

/** The text after the thoughts; before them if nothing comes after. A template may open the tag, so that the model only closes it. */
function withoutThoughts(text: string): string {
  const ends = THOUGHT_TAGS.map((tag) => ({ at: text.lastIndexOf(`</${tag}>`), length: tag.length + 3 }));
  const end = Math.max(0, ...ends.filter(({ at }) => at >= 0).map(({ at, length }) => at + length));
  const said = untilThoughts(text.slice(end));
  return said.trim() === '' ? untilThoughts(text) : said;
}

function untilThoughts(text: string): string {
  const begins = THOUGHT_TAGS.map((tag) => text.indexOf(`<${tag}>`)).filter((at) => at >= 0);
  return text.slice(0, Math.min(text.length, ...begins));
}

function inText(text: string): JsonValue[] {
  return present([parse(text.trim())]);
}

/** The contents of code fences. A fence that isn't closed goes to the end. */
function inFences(text: string): JsonValue[] {
  const contents: string[][] = [];
  let fence: string | null = null;
  for (const line of text.split('\n')) {
    const [, mark, label = ''] = /^[ \t]*(`{3,}|~{3,})(.*)$/.exec(line.trimEnd()) ?? [];
    if (fence !== null && mark?.startsWith(fence) && label === '') fence = null;
    else if (fence !== null) contents.at(-1)?.push(line);
    else if (mark !== undefined) {
      fence = mark;
      contents.push([]);
    }
  }
  return present(contents.map((lines) => parse(lines.join('\n').trim())));
}

/** Bounds of the search. Each try reads the rest of the text, and blocks the process meanwhile. */
const MAX_LENGTH = 200_000;
const MAX_TRIES = 100;

function inside(text: string): JsonValue[] {
  if (text.length > MAX_LENGTH) return [];
  const found: JsonValue[] = [];
  const begin = /\{|(?<=^[ \t]*)\[/gm;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const at = begin.exec(text)?.index;
    if (at === undefined) break;
    const end = endOf(text, at);
    const value = end === null ? undefined : parse(text.slice(at, end));
    if (value === undefined || end === null) continue;
    found.push(value);
    begin.lastIndex = end;
  }
  return found;
}

/** The index after the bracket that closes the one at `start`; null if none does. Brackets in strings don't count. */
function endOf(text: string, start: number): number | null {
  let depth = 0;
  let isInText = false;
  for (let at = start; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') isInText = !isInText;
    else if (isInText) at += char === '\\' ? 1 : 0;
    else if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') depth -= 1;
    if (depth === 0) return at + 1;
  }
  return null;
}

/** undefined: the text is not JSON. JSON itself has no such value. */
function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

function present(values: readonly (JsonValue | undefined)[]): JsonValue[] {
  return values.filter((value) => value !== undefined);
}
