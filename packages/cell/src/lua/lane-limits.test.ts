import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type OpenCell, openTestCell } from '../../testing/cell.ts';
import { scripts } from '../scripts/index.ts';
import { laneLimits } from './lane-limits.ts';

let t: OpenCell;
beforeEach(async () => {
  t = await openTestCell();
});
afterEach(async () => {
  expect(await t.problems()).toEqual([]);
  await t.close();
});

const laneKey = () => t.keys.sched('lane', 'default');
const acquire = async (tokens: number) => (await scripts.acquireCall.run(t.cell, ['default', tokens])) as number;
const setLimits = (requests: number, tokens: number) => t.redis.hset(laneKey(), 'config', `0 ${requests} ${tokens}`);

/** As if so many ms had passed. */
async function passMs(ms: number): Promise<void> {
  for (const field of ['filled_at', 'shut_until', 'left_until']) {
    const at = await t.redis.hget(laneKey(), field);
    if (at !== null) await t.redis.hset(laneKey(), field, Number(at) - ms);
  }
}

describe('a lane’s buckets', () => {
  it('hold a burst, and fill with time up to it', async () => {
    await setLimits(20, 0);
    expect([await acquire(1), await acquire(1)]).toEqual([0, 0]);
    const wait = await acquire(1);
    expect(wait).toBeGreaterThan(2_000);
    await passMs(wait);
    expect(await acquire(1)).toBe(0);
    await passMs(600_000);
    expect([await acquire(1), await acquire(1), (await acquire(1)) > 0]).toEqual([0, 0, true]);
  });

  it('of both kinds are asked, and nothing is taken where one lacks', async () => {
    await setLimits(100, 1_000);
    expect(await acquire(150)).toBe(0);
    const { requests } = await t.redis.hgetall(laneKey());
    expect(await acquire(100)).toBeGreaterThan(0);
    expect((await t.redis.hgetall(laneKey())).requests).toBe(requests);
    expect(await acquire(40)).toBe(0);
  });

  it('are none where nothing is limited; limits set at run time count before those of the config file', async () => {
    expect(await acquire(1e9)).toBe(0);
    await setLimits(600, 0);
    await t.redis.hset(laneKey(), 'set', '0 10 0');
    expect(await acquire(1)).toBe(0);
    expect(await acquire(1)).toBeGreaterThan(0);
    await t.redis.hdel(laneKey(), 'set');
    await passMs(1_000);
    expect(await acquire(1)).toBe(0);
  });

  it('are corrected by what was used, and never hold more than a burst', async () => {
    await setLimits(0, 1_000);
    expect(await acquire(200)).toBe(0);
    const correct = (taken: number, used: number) => scripts.correctCall.run(t.cell, ['default', taken, used]);
    await correct(200, 50);
    expect(await acquire(150)).toBe(0);
    await correct(1e9, 0);
    expect(await acquire(200)).toBe(0);
    expect(await acquire(1)).toBeGreaterThan(0);
    await correct(0, 400);
    expect(await acquire(1)).toBeGreaterThan(15_000);
  });

  it('stay as they are where a lane has no limit of tokens', async () => {
    await scripts.correctCall.run(t.cell, ['default', 5, 0]);
    expect(await t.redis.exists(laneKey())).toBe(0);
  });
});

describe('what a provider says', () => {
  const slowDown = (...said: (number | '')[]) => scripts.slowDown.run(t.cell, ['default', ...said]);

  it('shuts the lane for as long as it asks', async () => {
    await slowDown('', '', '', 5_000);
    const wait = await acquire(1);
    expect(wait).toBeGreaterThan(4_000);
    await slowDown('', '', '', 1_000);
    expect(await acquire(1)).toBeGreaterThan(4_000);
    await passMs(wait);
    expect(await acquire(1)).toBe(0);
  });

  it('lets go only what is left until it is reset; within a window the lowest value counts', async () => {
    await slowDown(3, 1_000, 9_000, '');
    await slowDown(5, 900, 9_000, '');
    expect([await acquire(100), await acquire(100), await acquire(100)]).toEqual([0, 0, 0]);
    expect(await acquire(100)).toBeGreaterThan(8_000);
    await slowDown(5, '', 20_000, '');
    expect(await acquire(100)).toBe(0);
  });
});

describe('the state of a lane', () => {
  it('is stored to the last digit that counts', async () => {
    await setLimits(100, 100);
    const body = `
local state = readLane('default')
state.buckets.tokens.level = 12.345678
state.turn = 1
writeLane('default', state)
return {state.maxRunning, string.format('%.3f', readLane('default').buckets.tokens.level), readLane('default').turn}`;
    expect(await t.lua([laneLimits], body)).toEqual([0, '12.346', 1]);
  });
});

describe('the capacity of a lane', () => {
  const capacity = async () => Number(await t.redis.hget(laneKey(), 'capacity'));

  it('is the sum over its workers; one that is silent for 10 s doesn’t count', async () => {
    await t.announce(3, 'default', 'a');
    await t.announce(4, 'default', 'b');
    await t.announce(5, 'default', 'b');
    expect(await capacity()).toBe(8);
    await t.redis.hset(t.keys.sched('workers', 'default'), 'a', `3 ${Date.now() - 11_000}`);
    await t.announce(5, 'default', 'b');
    expect(await capacity()).toBe(5);
  });

  it('is zero once the last worker takes no more jobs', async () => {
    await t.announce(3, 'default', 'a');
    await t.announce(0, 'default', 'a');
    expect(await capacity()).toBe(0);
    expect(await t.redis.exists(t.keys.sched('workers', 'default'))).toBe(0);
  });
});
