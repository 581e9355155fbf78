import { describe, expect, it } from '@jest/globals';
import { dayOf, daysBetween, endOf, monthOf } from './periods.ts';

const at = (text: string) => Date.parse(text);

describe('a period of a budget', () => {
  it('is named by its UTC date', () => {
    expect([dayOf(at('2026-11-28T23:59:59.999Z')), dayOf(at('2026-11-29T00:00:00Z'))]).toEqual([
      '2026-11-28',
      '2026-11-29',
    ]);
    expect(monthOf(at('2026-11-30T23:59:59.999Z'))).toBe('2026-11');
  });

  it.each([
    ['2026-11-28T10:00:00Z', '2026-11-29', '2026-12-01'],
    ['2026-12-31T23:59:59.999Z', '2027-01-01', '2027-01-01'],
    ['2028-02-28T00:00:00Z', '2028-02-29', '2028-03-01'],
    ['2026-01-31T12:00:00Z', '2026-02-01', '2026-02-01'],
  ])('that %s is in ends with the day, with the month', (now, day, month) => {
    expect([endOf('day', at(now)), endOf('month', at(now))]).toEqual([at(day), at(month)]);
  });
});

describe('the days of a report', () => {
  const now = at('2026-03-01T15:30:00Z');

  it('are those from the first to the last, both included', () => {
    expect(daysBetween('2026-02-27', '2026-03-01', now)).toEqual(['2026-02-27', '2026-02-28', '2026-03-01']);
    expect(daysBetween('2026-03-01', '2026-03-01', now)).toEqual(['2026-03-01']);
    expect(daysBetween('2026-02-10', '2026-02-10', now)).toEqual(['2026-02-10']);
  });

  it('are the whole of a leap year, each once', () => {
    const days = daysBetween('2028-01-01', '2028-12-31', at('2028-12-31T23:59:59Z'));
    expect([days.length, new Set(days).size, days[59], days.at(-1)]).toEqual([366, 366, '2028-02-29', '2028-12-31']);
  });

  it('are none in the future, and none where the last comes before the first', () => {
    expect(daysBetween('2026-02-28', '9999-12-31', now)).toEqual(['2026-02-28', '2026-03-01']);
    expect(daysBetween('2026-03-02', '2026-03-05', now)).toEqual([]);
    expect(daysBetween('2026-02-28', '2026-02-01', now)).toEqual([]);
  });

  it('are at most the 400 that are stored', () => {
    const days = daysBetween('0001-01-01', '9999-12-31', now);
    expect([days.length, days[0], days.at(-1)]).toEqual([400, dayOf(now - 399 * 86_400_000), '2026-03-01']);
    expect(daysBetween('2019-01-01', '2019-12-31', now)).toEqual([]);
  });
});
