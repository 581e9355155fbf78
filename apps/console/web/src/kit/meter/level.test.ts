import { describe, expect, it } from '@jest/globals';
import { levelOf } from './level.ts';

describe('what is used of a limit', () => {
  it('is fine, then warns, and is bad near the end and beyond', () => {
    expect([0, 74, 75, 89, 90, 120].map((used) => levelOf(used, 100))).toEqual([
      'fine',
      'fine',
      'warn',
      'warn',
      'bad',
      'bad',
    ]);
  });

  it('of a limit of nothing is bad as soon as there is anything', () => {
    expect([levelOf(0, 0), levelOf(0.01, 0)]).toEqual(['fine', 'bad']);
  });
});
