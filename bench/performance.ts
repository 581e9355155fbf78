/**
 * Measures what Holdfast costs and how fast it is, against what people would use instead.
 *
 *   1. each row starts real processes, and a Redis for each subject: `performance/rows`
 *   2. the subjects take turns in each repetition
 *   3. the row's results replace its old ones in results/performance.json
 *   4. docs/performance.md and its plots are made from that file
 *
 * With `--guard` see `performance/guard.ts`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commitOf, machineOf } from './machine.ts';
import { closeOpenBed, withBed } from './performance/bed/bed.ts';
import { spreadText } from './performance/format.ts';
import { guardRows, measureGuarded } from './performance/guard.ts';
import { readOptions } from './performance/options.ts';
import { pageOf } from './performance/page.ts';
import { svgOf } from './performance/plot.ts';
import { type Results, readResults, resultOf, writeResults } from './performance/results.ts';
import type { Row, Scale } from './performance/row.ts';
import { rows } from './performance/rows.ts';

const here = import.meta.dirname;
const resultsFile = join(here, 'results/performance.json');
const docs = join(here, '../docs');

function writePage(results: Results): void {
  const plots = join(docs, 'performance');
  mkdirSync(plots, { recursive: true });
  writeFileSync(join(docs, 'performance.md'), pageOf(results));
  for (const { curves } of Object.values(results)) {
    for (const curve of curves) writeFileSync(join(plots, `${curve.name}.svg`), svgOf(curve));
  }
}

async function measureRow(row: Row, scale: Scale, commit: string): Promise<void> {
  const machine = await withBed(async (bed) => machineOf((await bed.redis()).client));
  const measured = await row.measure(scale);
  const { quick, long } = scale;
  const result = resultOf(row, measured, await measureGuarded(row), { commit, machine, quick, long });
  const known: Results = { ...readResults(resultsFile), [row.name]: result };
  const inOrder = rows.flatMap(({ name }) => (known[name] ? [[name, known[name]]] : []));
  const results = Object.fromEntries(inOrder) as Results;
  writeResults(resultsFile, results);
  writePage(results);
  for (const { title, unit, spread } of result.figures) console.log(`  = ${title}: ${spreadText(spread, unit)}`);
}

/**
 * Writes the results after every row. So an interruption, or a row that fails, loses one row only. @returns names of the rows that
 * failed
 */
async function measureRows(chosen: readonly Row[], scale: Scale): Promise<string[]> {
  const commit = commitOf();
  const failed: string[] = [];
  for (const row of chosen) {
    console.log(`${row.name}: ${row.title}`);
    try {
      await measureRow(row, scale, commit);
    } catch (error) {
      console.error(error);
      failed.push(row.name);
    }
  }
  return failed;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void closeOpenBed().finally(() => process.exit(1)));
}
const { rows: chosen, scale, guard, page } = readOptions(process.argv.slice(2), rows);
if (page) {
  writePage(readResults(resultsFile));
} else if (guard) {
  const failed = await guardRows(chosen, readResults(resultsFile));
  process.exitCode = failed > 0 ? 1 : 0;
} else {
  const failed = await measureRows(chosen, scale);
  if (failed.length > 0) console.log(`These rows could not be measured: ${failed.join(', ')}`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}
