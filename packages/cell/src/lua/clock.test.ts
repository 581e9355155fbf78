import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type OpenCell, openTestCell } from '../../testing/cell.ts';
import { clock } from './clock.ts';

let t: OpenCell;
beforeAll(async () => {
  t = await openTestCell();
});
afterAll(() => t.close());

it("is Redis' own, in ms and in whole seconds", async () => {
  const before = Date.now();
  const [now, seconds] = ((await t.lua([clock], 'return {int(now), seconds}')) as unknown[]).map(Number);
  expect(now).toBeGreaterThanOrEqual(before - 5);
  expect(now).toBeLessThanOrEqual(Date.now() + 5);
  expect(seconds).toBe(Math.floor((now ?? 0) / 1_000));
});
