import type { History, Lane, Point } from '@holdfast/admin';
import { describe, expect, it } from '@jest/globals';
import { endedPerMinute, failedShare, outcomeSeries, queueNow } from './figures.ts';

const point = (parts: Partial<Point>) => ({ completed: 0, failed: 0, cancelled: 0, ...parts }) as Point;
const history = (step_s: number, points: Point[], totals: Partial<Point>) =>
  ({ step_s, points, totals: point(totals) }) as unknown as History;

describe('figures of the overview', () => {
  it('are of a minute, whatever time a point covers', () => {
    const hour = history(3_600, [point({ completed: 120, failed: 60 }), point({})], { completed: 120, failed: 60 });
    expect(endedPerMinute(hour)).toBe(1.5);
    expect(outcomeSeries(hour).map(({ values }) => values[0])).toEqual([2, 1, 0]);
  });

  it('say how many failed, or that nothing has ended', () => {
    expect(failedShare(history(60, [], { completed: 3, failed: 1 }))).toBe(0.25);
    expect(failedShare(history(60, [], {}))).toBeNull();
  });

  it('add up the lanes, with the oldest wait of all', () => {
    const lane = (waiting: number, active: number, oldest_wait_s: number | null) =>
      ({ counts: { waiting, active }, capacity: 50, oldest_wait_s }) as Lane;
    expect(queueNow([lane(2, 1, 4), lane(3, 0, null), lane(0, 5, 9)])).toEqual({
      waiting: 5,
      running: 6,
      capacity: 150,
      oldestWaitS: 9,
    });
    expect(queueNow([]).oldestWaitS).toBeNull();
  });
});
