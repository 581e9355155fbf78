import { describe, expect, it } from '@jest/globals';
import { durationText } from './units.ts';

describe('a duration', () => {
  it('has two units at most, and none while it isn’t over', () => {
    const begin = '2026-11-28T10:00:00.000Z';
    const ends = ['10:00:00.340Z', '10:00:04.240Z', '10:00:59.999Z', '10:03:20.000Z', '12:05:00.000Z', '09:59:59.000Z'];
    expect(ends.map((end) => durationText(begin, `2026-11-28T${end}`))).toEqual([
      '340 ms',
      '4.2 s',
      '1 min 0 s',
      '3 min 20 s',
      '2 h 5 min',
      '0 ms',
    ]);
    expect(durationText(begin, null)).toBe('');
  });
});
