import { describe, expect, it } from '@jest/globals';
import { drawnColumns, drawnSeries, type PlotData } from './plot-data.ts';

const data: PlotData = {
  times: [1, 2],
  kind: 'stack',
  series: [
    { label: 'Completed', color: 'good', values: [3, 4] },
    { label: 'Failed', color: 'bad', values: [1, null] },
  ],
};

describe('what a plot draws', () => {
  it('of a stack are sums, the highest first, so that each series shows its own share', () => {
    expect(drawnSeries(data).map(({ label }) => label)).toEqual(['Failed', 'Completed']);
    expect(drawnColumns(data)).toEqual([
      [4, 4],
      [3, 4],
    ]);
  });

  it('of lines are the values, with their gaps', () => {
    expect(drawnColumns({ ...data, kind: 'lines' })).toEqual([
      [3, 4],
      [1, null],
    ]);
  });
});
