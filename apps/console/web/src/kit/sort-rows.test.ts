import { describe, expect, it } from '@jest/globals';
import { sortRows } from './sort-rows.ts';

describe('the order of rows', () => {
  const rows = [{ n: 2 }, { n: null }, { n: 10 }, { n: 1 }];

  it('is by value, and rows without one come last in both directions', () => {
    expect(sortRows(rows, ({ n }) => n, false).map(({ n }) => n)).toEqual([1, 2, 10, null]);
    expect(sortRows(rows, ({ n }) => n, true).map(({ n }) => n)).toEqual([10, 2, 1, null]);
  });

  it('of names counts the numbers in them', () => {
    const names = ['lane-10', 'lane-2', 'Lane-1'];
    expect(sortRows(names, (name) => name, false)).toEqual(['Lane-1', 'lane-2', 'lane-10']);
  });
});
