import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type OpenCell, openTestCell } from '../../testing/cell.ts';
import { calendar } from './calendar.ts';

let t: OpenCell;
beforeAll(async () => {
  t = await openTestCell();
});
afterAll(() => t.close());

describe("Redis' calendar", () => {
  it("agrees with JavaScript's for 200 years", async () => {
    const body = 'local dates = {} for at = 2, #ARGV do dates[at - 1] = dateOf(tonumber(ARGV[at])) end return dates';
    const days = Array.from({ length: 5_000 }, (_, at) => Math.floor(at * 14.61 * 86_400));
    const dates = await t.lua([calendar], body, days);
    expect(dates).toEqual(days.map((seconds) => new Date(seconds * 1_000).toISOString().slice(0, 10)));
  });

  it('begins a day at its first second, leap days and centuries included', async () => {
    const body = 'return {dateOf(tonumber(ARGV[2]) - 1), dateOf(tonumber(ARGV[2]))}';
    for (const day of ['2000-02-29', '2028-03-01', '2100-03-01', '2026-12-01', '2027-01-01']) {
      const midnight = Date.parse(day);
      const before = new Date(midnight - 1_000).toISOString().slice(0, 10);
      expect(await t.lua([calendar], body, [midnight / 1_000])).toEqual([before, day]);
    }
  });
});
