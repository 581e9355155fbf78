/**
 * The guard measures a few cheap rows briefly. It compares each figure with the last stored measurement of the row. A figure is a
 * ratio to a peer in the same run. So a slow or busy machine changes both of its parts.
 *
 * A figure fails if it is worse by more than a fifth, and a second measurement right after the first confirms that.
 */
import { numberText } from './format.ts';
import type { Results } from './results.ts';
import { type Figure, type Row, spreadOfFigure } from './row.ts';

const REPETITIONS = 3;
const TOLERATED_LOSS = 0.2;

function guardedFigures({ figures, guarded = [] }: Row): Figure[] {
  return figures.filter(({ title }) => guarded.includes(title));
}

/** Measures the row's guarded figures: medians by title. Empty if it has none. */
export async function measureGuarded(row: Row): Promise<Record<string, number>> {
  const figures = guardedFigures(row);
  if (figures.length === 0) return {};
  const scale = { repetitions: REPETITIONS, quick: false, long: false, brief: true };
  const { repetitions } = await row.measure(scale);
  return Object.fromEntries(figures.map((figure) => [figure.title, spreadOfFigure(figure, repetitions).median]));
}

/**
 * How much worse the figure is, as a share of its old value. Negative: it is better. A higher value is worse, unless the goal is a
 * minimum.
 */
function lossOf({ goal }: Figure, before: number, now: number): number {
  return goal?.atLeast === undefined ? now / before - 1 : 1 - now / before;
}

/** @returns how many figures failed */
async function guardRow(row: Row, before: Readonly<Record<string, number>>): Promise<number> {
  const figures = guardedFigures(row);
  const lossesIn = (now: Readonly<Record<string, number>>) =>
    figures.filter((figure) => {
      const [was, is] = [before[figure.title], now[figure.title] ?? Number.NaN];
      return was !== undefined && !(lossOf(figure, was, is) <= TOLERATED_LOSS);
    });
  const first = await measureGuarded(row);
  const suspects = lossesIn(first);
  const second = suspects.length > 0 ? await measureGuarded(row) : first;
  const confirmed = lossesIn(second).filter((figure) => suspects.includes(figure));
  for (const figure of figures) {
    const { title, unit } = figure;
    const verdict = confirmed.includes(figure) ? 'FAILED' : 'passed';
    const was = before[title] === undefined ? 'not measured before' : `was ${numberText(before[title])}${unit}`;
    const values = [first, ...(second === first ? [] : [second])].map((now) => numberText(now[title] ?? Number.NaN));
    console.log(`${verdict}  ${row.name}: ${title}: ${values.join(', then ')}${unit} (${was})`);
  }
  return confirmed.length;
}

/** @returns how many figures failed */
export async function guardRows(rows: readonly Row[], results: Results): Promise<number> {
  let [passed, failed] = [0, 0];
  for (const row of rows) {
    const count = guardedFigures(row).length;
    if (count === 0) continue;
    let failures: number;
    try {
      failures = await guardRow(row, results[row.name]?.guard ?? {});
    } catch (error) {
      console.error(`FAILED  ${row.name} could not be measured:`, error);
      failures = count;
    }
    failed += failures;
    passed += count - failures;
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed;
}
