import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openTestScheduler, type TestScheduler } from '../../testing/scheduler.ts';
import { LaneCallLimits } from './call-limits.ts';

let t: TestScheduler;
let calls: LaneCallLimits;
beforeEach(async () => {
  t = await openTestScheduler();
  calls = new LaneCallLimits(t.cell.cell);
});
afterEach(() => t.close());

const WINDOW_MS = 60_000;

/** Takes calls as fast as they are given for so long, on a clock that is turned by hand; when each was given. */
async function takeFor(ms: number, tokens: number): Promise<number[]> {
  const taken: number[] = [];
  const began = performance.now();
  let passed = 0;
  // The real clock goes on as well.
  const now = () => passed + performance.now() - began;
  while (now() < ms) {
    const asked = now();
    const wait = await calls.acquireCall(t.lane, tokens);
    if (wait === 0) taken.push(asked);
    else {
      await t.passMs(wait);
      passed += wait;
    }
  }
  return taken;
}

/** The most that fell into any window of 60 s. */
function mostInAWindow(times: number[]): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + WINDOW_MS).length));
}

describe('requests a minute', () => {
  it.each([1, 2, 7, 60, 600])('of %i are never more in any 60 s, and not many less', async (limit) => {
    await t.scheduler.setConfiguredLimits(t.lane, { requests_per_minute: limit });
    const taken = await takeFor(3 * WINDOW_MS, 1);
    expect(mostInAWindow(taken)).toBeLessThanOrEqual(limit);
    expect(taken.length).toBeGreaterThanOrEqual(Math.floor(2.6 * limit * 0.89));
    // Thousands of round trips, on machines that have other things to do.
  });

  it('hold what waits, and say when more may go', async () => {
    await t.scheduler.setConfiguredLimits(t.lane, { requests_per_minute: 20 });
    await t.scheduler.announce(t.lane, 'w', 100);
    for (let job = 0; job < 10; job += 1) await t.add('a');
    expect(await t.dispatch()).toHaveLength(2);
    const { released, nextMs } = await t.scheduler.dispatch(t.lane);
    expect(released).toEqual([]);
    expect(nextMs).toBeGreaterThan(2_000);
    expect(nextMs).toBeLessThanOrEqual(Math.ceil(61_000 / 19));
    await t.passMs(nextMs ?? 0);
    expect(await t.dispatch()).toHaveLength(1);
  });
});

describe('tokens a minute', () => {
  it('are never more in any 60 s', async () => {
    await t.scheduler.setConfiguredLimits(t.lane, { tokens_per_minute: 10_000 });
    const taken = await takeFor(3 * WINDOW_MS, 100);
    expect(mostInAWindow(taken)).toBeLessThanOrEqual(100);
    expect(taken.length).toBeGreaterThan(200);
  });

  it('let a call through that is larger than the bucket, once it is full', async () => {
    await t.scheduler.setConfiguredLimits(t.lane, { tokens_per_minute: 1_000 });
    expect(await calls.acquireCall(t.lane, 5_000)).toBe(0);
    await calls.correctCall(t.lane, 5_000, 5_000);
    const wait = await calls.acquireCall(t.lane, 5_000);
    expect(wait).toBeGreaterThan(5 * WINDOW_MS);
    await t.passMs(wait);
    expect(await calls.acquireCall(t.lane, 5_000)).toBe(0);
  });

  it('are shut for about a minute, not forever, by a call that only might be huge', async () => {
    await t.scheduler.setConfiguredLimits(t.lane, { tokens_per_minute: 1_000 });
    expect(await calls.acquireCall(t.lane, 9e15)).toBe(0);
    expect(await calls.acquireCall(t.lane, 1)).toBeLessThan(2 * WINDOW_MS);
    await calls.correctCall(t.lane, 9e15, 10);
    expect(await calls.acquireCall(t.lane, 100)).toBe(0);
  });

  it('are corrected by what was used', async () => {
    await t.scheduler.setConfiguredLimits(t.lane, { tokens_per_minute: 1_000 });
    expect(await calls.acquireCall(t.lane, 200)).toBe(0);
    expect(await calls.acquireCall(t.lane, 150)).toBeGreaterThan(0);
    await calls.correctCall(t.lane, 200, 50);
    expect(await calls.acquireCall(t.lane, 150)).toBe(0);
    await calls.correctCall(t.lane, 150, 400);
    expect(await calls.acquireCall(t.lane, 1)).toBeGreaterThan(15_000);
  });
});

describe('what the provider says', () => {
  it('shuts the lane for as long as it asks, a minute at most', async () => {
    await calls.slowDown(t.lane, { retryAfterMs: 5_000 });
    const wait = await calls.acquireCall(t.lane, 1);
    expect(wait).toBeGreaterThan(4_000);
    await t.passMs(wait);
    expect(await calls.acquireCall(t.lane, 1)).toBe(0);
    await calls.slowDown(t.lane, { retryAfterMs: 3_600_000 });
    expect(await calls.acquireCall(t.lane, 1)).toBeLessThanOrEqual(WINDOW_MS);
  });

  it('lets go only what is left until it is reset; the lowest value counts', async () => {
    await calls.slowDown(t.lane, { requestsLeft: 3, tokensLeft: 1_000, resetMs: 9_000 });
    await calls.slowDown(t.lane, { requestsLeft: 5, tokensLeft: 900, resetMs: 9_000 });
    for (let call = 0; call < 3; call += 1) expect(await calls.acquireCall(t.lane, 100)).toBe(0);
    const wait = await calls.acquireCall(t.lane, 100);
    expect(wait).toBeGreaterThan(8_000);
    await t.passMs(wait);
    expect(await calls.acquireCall(t.lane, 100)).toBe(0);
    await calls.slowDown(t.lane, { tokensLeft: 150, resetMs: 20_000 });
    expect(await calls.acquireCall(t.lane, 100)).toBe(0);
    expect(await calls.acquireCall(t.lane, 100)).toBeGreaterThan(19_000);
  });
});
