import { describe, expect, it } from '@jest/globals';
import { Cells, cellNames, cellOf } from './cell.ts';

describe('cells', () => {
  it('are found by tenant: each tenant has one, and it is in the list of cells', () => {
    const made = new Cells((name) => ({ name }));
    expect(made.all.map(({ name }) => name)).toEqual(cellNames);
    for (const tenant of ['acme', 'other']) {
      expect(cellNames).toContain(cellOf(tenant));
      expect(made.of(tenant)).toBe(made.all.find(({ name }) => name === cellOf(tenant)));
    }
  });
});
