/** A job's input on the command line: JSON, `@FILE`, or `-` for stdin. */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { isJsonObject, type JsonValue } from '@holdfast/core';
import { CliError } from './output/failures.ts';

/** @throws CliError that says what is wrong */
export async function readInput(given: string): Promise<Record<string, JsonValue>> {
  const { source, content } = await contentOf(given);
  let value: JsonValue;
  try {
    value = JSON.parse(content) as JsonValue;
  } catch (error) {
    throw new CliError(`--input: ${source} is not JSON: ${error instanceof Error ? error.message : error}.`);
  }
  if (!isJsonObject(value)) throw new CliError(`--input: ${source} expected a JSON object, such as {"model": "sim"}.`);
  return value;
}

async function contentOf(given: string): Promise<{ source: string; content: string }> {
  if (given === '-') return { source: 'stdin', content: await text(process.stdin) };
  if (!given.startsWith('@')) return { source: 'the value', content: given };
  const file = given.slice(1);
  try {
    return { source: file, content: await readFile(file, 'utf8') };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliError(`--input: ${file} can't be read (${code}).`);
  }
}
