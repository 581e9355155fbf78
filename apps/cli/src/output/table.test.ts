import { describe, expect, it } from '@jest/globals';
import { GrowingTable } from './table.ts';

describe('GrowingTable', () => {
  it('has its heads once, and columns that stay as wide as they have been', () => {
    const table = new GrowingTable(['JOB', 'COST']);
    expect(table.add([['job_1', 12]])).toBe('JOB    COST\njob_1  12');
    expect(table.add([['a', 3]])).toBe('a      3');
    expect(table.add([['job_100', null]])).toBe('job_100  –');
    expect(table.add([['b', 4]])).toBe('b        4');
  });
});
