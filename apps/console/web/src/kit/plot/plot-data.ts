/** What a plot draws. */

/** Names of the colors in `plot.css`. */
export type PlotColor = 'good' | 'bad' | 'quiet' | 'one' | 'two' | 'three';

export interface Series {
  label: string;
  color: PlotColor;
  /** One for each time; null: a gap. */
  values: readonly (number | null)[];
}

export interface PlotData {
  /** In seconds, in order. */
  times: readonly number[];
  series: readonly Series[];
  /** `stack`: bars, one series upon the other; `lines`: one line for each. */
  kind: 'stack' | 'lines';
}

/**
 * The columns that are drawn. Of a stack these are sums, the highest first: each is painted over the one before, and what stays
 * visible of it is its own share.
 */
export function drawnColumns({ series, kind }: PlotData): (number | null)[][] {
  if (kind === 'lines') return series.map(({ values }) => [...values]);
  const sums: number[][] = [];
  for (const { values } of series) {
    const below = sums.at(-1);
    sums.push(values.map((value, at) => (value ?? 0) + (below?.[at] ?? 0)));
  }
  return sums.reverse();
}

/** The series in the order in which they are drawn. */
export function drawnSeries({ series, kind }: PlotData): readonly Series[] {
  return kind === 'stack' ? series.toReversed() : series;
}

/** Where a line has a value between two gaps: a line of one point is no line, so it is drawn as a dot. */
export function lonePoints(values: readonly (number | null | undefined)[]): number[] {
  const isGap = (at: number) => (values[at] ?? null) === null;
  return [...values.keys()].filter((at) => !isGap(at) && isGap(at - 1) && isGap(at + 1));
}
