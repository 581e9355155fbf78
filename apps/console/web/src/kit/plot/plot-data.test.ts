import { describe, expect, it } from '@jest/globals';
import { drawnColumns, drawnSeries, lonePoints, type PlotData } from './plot-data.ts';

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

  it('of a line are dots where it has one point only', () => {
    expect(lonePoints([null, 3, null, 4, 5, null, 0])).toEqual([1, 6]);
    expect([lonePoints([]), lonePoints([1]), lonePoints([1, 2])]).toEqual([[], [0], []]);
  });
});
