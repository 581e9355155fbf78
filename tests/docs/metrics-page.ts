/** The metrics that docs/reference/metrics.md has. `metrics.test.ts` holds it to the code. */
import { namesIn, readReference, rowsUnder } from './tables.ts';

export interface Metric {
  name: string;
  type: string;
  labels: string[];
}

export const metricsPage = readReference('docs/reference/metrics.md');

const sections = ['Jobs and attempts', 'Provider calls', 'Lanes', 'The archive', 'Processes'];

/** Rows whose first column is a name of ours, of one section or of all. */
export function metricRows(of: readonly string[] = sections): string[][] {
  return of.flatMap((section) => rowsUnder(metricsPage, section)).filter(([first]) => first?.startsWith('`holdfast_'));
}

export function metricsInDocs(): Metric[] {
  return metricRows().map(([name, type = '', labels]) => ({
    name: namesIn(name)[0] ?? '',
    type,
    labels: namesIn(labels),
  }));
}

/** Metrics that have the same value in several processes: they are not to be added up. */
export function sharedMetrics(): Set<string> {
  const saysSo = metricRows().filter((row) => row.at(-1)?.includes('the same in each process'));
  return new Set([...metricRows(['Lanes']), ...saysSo].flatMap(([name]) => namesIn(name)));
}
