/** Tables of plain text: columns as wide as their widest cell. */

/** Rows under their heads; `empty` where there are none. */
export function table(heads: readonly string[], rows: readonly (readonly Cell[])[], empty: string): string {
  if (rows.length === 0) return empty;
  return aligned([heads, ...rows.map((row) => row.map(cellText))]);
}

/** A table that comes in parts: its heads once, and columns that never become narrower than before. */
export class GrowingTable {
  #widths: number[] = [];
  #next: string[][];

  constructor(heads: readonly string[]) {
    this.#next = [[...heads]];
  }

  /** The lines of these rows, after those of the heads the first time. */
  add(rows: readonly (readonly Cell[])[]): string {
    const lines = [...this.#next, ...rows.map((row) => row.map(cellText))];
    this.#next = [];
    this.#widths = widthsOf(lines, this.#widths);
    return inColumns(lines, this.#widths);
  }
}

/** One thing, a line for each of its members. */
export function record(members: Readonly<Record<string, Cell>>): string {
  return aligned(Object.entries(members).map(([name, value]) => [name, cellText(value)]));
}

export type Cell = string | number | boolean | null;

function aligned(rows: readonly (readonly string[])[]): string {
  return inColumns(rows, widthsOf(rows));
}

/** @param least of each column */
function widthsOf(rows: readonly (readonly string[])[], least: readonly number[] = []): number[] {
  const columns = Math.max(least.length, rows[0]?.length ?? 0);
  return Array.from({ length: columns }, (_, column) =>
    Math.max(least[column] ?? 0, ...rows.map((row) => row[column]?.length ?? 0)),
  );
}

function inColumns(rows: readonly (readonly string[])[], widths: readonly number[]): string {
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cellText(value: Cell): string {
  return value === null || value === '' ? '–' : withoutControls(String(value)).replaceAll('\n', ' ');
}

/** Without the characters that steer a terminal: texts come from models and from others' requests. */
export function withoutControls(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, '');
}
