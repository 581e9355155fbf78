import { describe, expect, it } from '@jest/globals';
import { isShown, readViews } from './saved-views.ts';

describe('saved views', () => {
  it('are read from what is stored; what is broken is left out', () => {
    const view = { name: 'Mine', search: { status: 'failed' } };
    expect(readViews(JSON.stringify([view, 7, { name: 'x' }, null]))).toEqual([view]);
    expect([readViews(null), readViews('{'), readViews('{}')]).toEqual([[], [], []]);
  });

  it('are shown by an address with the same filter, on any page of it', () => {
    const view = { name: 'Mine', search: { tenant: 'acme', status: 'failed' } };
    expect(isShown(view, { status: 'failed', tenant: 'acme', cursor: 'c1' })).toBe(true);
    expect(isShown(view, { status: 'failed' })).toBe(false);
  });
});
