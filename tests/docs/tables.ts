/** The tables of a reference page, as the tests compare them with the code. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** @param path from the root */
export function readReference(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/**
 * The rows of all tables below a heading, up to the next heading of its level or above, without those that name the columns.
 * @param page its text
 * @throws Error where there is no such heading, or no table below it
 */
export function rowsUnder(page: string, heading: string): string[][] {
  const lines = page.split('\n');
  const at = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (at < 0) throw new Error(`There is no heading "${heading}".`);
  const level = /^#+/.exec(lines[at] ?? '')?.[0].length ?? 1;
  const isNext = (line: string) => (/^(#+) /.exec(line)?.[1]?.length ?? 99) <= level;
  const end = lines.findIndex((line, index) => index > at && isNext(line));
  const below = lines.slice(at + 1, end < 0 ? undefined : end);
  const rows = below.filter((line, index) => isRow(line) && !isRule(line) && !isRule(below[index + 1] ?? ''));
  if (rows.length === 0) throw new Error(`There is no table below "${heading}".`);
  return rows.map(cellsOf);
}

/** What is set as code in a cell: the names that a row is about. */
export function namesIn(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

/** The names in the first column of the tables below a heading. */
export function firstNamesUnder(page: string, heading: string): string[] {
  return rowsUnder(page, heading).flatMap(([first]) => namesIn(first));
}

const isRow = (line: string) => line.startsWith('|');
const isRule = (line: string) => /^\|[\s|:-]+\|$/.test(line);

/** A bar with a backslash before it is part of its cell. */
function cellsOf(row: string): string[] {
  return row
    .slice(1, row.lastIndexOf('|'))
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}
