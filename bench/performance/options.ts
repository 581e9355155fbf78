/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util';
import type { Row, Scale } from './row.ts';

export interface Options {
  rows: readonly Row[];
  scale: Scale;
  guard: boolean;
  /** Makes the page, and measures nothing. */
  page: boolean;
}

const usage = (
  rows: readonly Row[],
) => `npm run bench -- [--only=ROW,…] [--quick] [--long] [--repetitions=N] [--guard] [--page]

  --only         measures these rows, and leaves the results of the others: ${rows.map(({ name }) => name).join(', ')}
  --quick        everything short, two repetitions: shows that it works
  --long         also 10,000 readers, and a backlog of a million jobs
  --repetitions  default 5
  --guard        compares a few cheap rows with the last results, and writes nothing
  --page         measures nothing, and makes the page from the last results`;

/** @throws Error that shows the usage */
export function readOptions(args: string[], rows: readonly Row[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      long: { type: 'boolean', default: false },
      repetitions: { type: 'string' },
      guard: { type: 'boolean', default: false },
      page: { type: 'boolean', default: false },
    },
  });
  const { only, quick, long, guard, page, repetitions = quick ? '2' : '5' } = values;
  const names = only?.split(',') ?? rows.map(({ name }) => name);
  const unknown = names.filter((name) => !rows.some((row) => row.name === name));
  if (unknown.length > 0) throw new Error(`--only: unknown row ${unknown.join(', ')}.\n\n${usage(rows)}`);
  if (!/^[1-9]\d?$/.test(repetitions))
    throw new Error(`--repetitions: expected a number from 1 to 99.\n\n${usage(rows)}`);
  const chosen = rows.filter(({ name }) => names.includes(name));
  return { rows: chosen, guard, page, scale: { repetitions: Number(repetitions), quick, long, brief: false } };
}
