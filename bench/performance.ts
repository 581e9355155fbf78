/**
 * Measures what Holdfast costs and how fast it is, against what people would use in its place.
 *
 *   1. each row starts what it needs as real processes, each subject with a Redis of its own: `performance/rows`
 *   2. its subjects take turns, repetition by repetition
 *   3. results/performance.json gets the row's results in the place of those it had
 *   4. docs/performance.md and its plots are made from that file
 *
 * With `--guard`: see `performance/guard.ts`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commitOf, machineOf } from './machine.ts';
import { closeOpenBed, withBed } from './performance/bed/bed.ts';
import { spreadText } from './performance/format.ts';
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

/** Results are written after every row: an interruption loses one row, not all. */
async function measureRows(chosen: readonly Row[], scale: Scale): Promise<void> {
  const commit = commitOf();
  for (const row of chosen) {
    console.log(`${row.name}: ${row.title}`);
    const machine = await withBed(async (bed) => machineOf((await bed.redis()).client));
    const result = resultOf(row, await row.measure(scale), { commit, machine, quick: scale.quick, long: scale.long });
    const known: Results = { ...readResults(resultsFile), [row.name]: result };
    const inOrder = rows.flatMap(({ name }) => (known[name] ? [[name, known[name]]] : []));
    const results = Object.fromEntries(inOrder) as Results;
    writeResults(resultsFile, results);
    writePage(results);
    for (const { title, unit, spread } of result.figures) console.log(`  = ${title}: ${spreadText(spread, unit)}`);
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void closeOpenBed().finally(() => process.exit(1)));
}
const { rows: chosen, scale } = readOptions(process.argv.slice(2), rows);
await measureRows(chosen, scale);
