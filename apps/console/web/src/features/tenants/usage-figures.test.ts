import { describe, expect, it } from '@jest/globals';
import { everyDay, lastDays, plotTime, totalOf } from './usage-figures.ts';

const spent = { usd: 2, input_tokens: 10, output_tokens: 5, calls: 3, jobs: 2, avoided_usd: 1 };

describe('the last days', () => {
  it('end with the day of UTC, over the ends of months', () => {
    expect(lastDays(7, Date.parse('2026-03-02T23:59:59Z'))).toEqual({ from: '2026-02-24', to: '2026-03-02' });
    expect(lastDays(1, Date.parse('2026-03-02T00:00:00Z'))).toEqual({ from: '2026-03-02', to: '2026-03-02' });
  });

  it('are all there, in order, also those on which nothing was spent', () => {
    const days = everyDay([{ ...spent, date: '2026-03-01' }], { from: '2026-02-27', to: '2026-03-02' });
    expect(days.map(({ date, usd }) => [date, usd])).toEqual([
      ['2026-02-27', 0],
      ['2026-02-28', 0],
      ['2026-03-01', 2],
      ['2026-03-02', 0],
    ]);
    expect(totalOf(days, ({ calls }) => calls)).toBe(3);
  });

  it('keep their names in a plot, whatever the time zone', () => {
    expect(new Date(plotTime('2026-03-01') * 1_000).getDate()).toBe(1);
  });
});
