/** Tables of plain text: columns as wide as their widest cell. */

/** Rows under their heads; `empty` where there are none. */
export function table(heads: readonly string[], rows: readonly (readonly Cell[])[], empty: string): string {
  if (rows.length === 0) return empty;
  return aligned([heads, ...rows.map((row) => row.map(cellText))]);
}

/** One thing, a line for each of its members. */
export function record(members: Readonly<Record<string, Cell>>): string {
  return aligned(Object.entries(members).map(([name, value]) => [name, cellText(value)]));
}

export type Cell = string | number | boolean | null;

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
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
