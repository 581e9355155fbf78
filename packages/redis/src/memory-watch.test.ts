import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type OwnRedis, rememberingLogger, startOwnRedis, until } from '../testing/redis.ts';
import { connectRedis, disconnectRedis, type Redis, untilReady } from './connect.ts';
import { isOutOfMemory, MemoryWatch } from './memory-watch.ts';

const BALLAST = 20_000_000;
let own: OwnRedis;
let redis: Redis;
let watches: MemoryWatch[] = [];

beforeAll(async () => {
  own = await startOwnRedis();
  redis = connectRedis(own.url, 'producer', rememberingLogger().logger);
  await untilReady(redis, 60_000);
  // Not sent as a whole: buffers would hold it a second time for a while.
  await redis.setrange('ballast', BALLAST - 1, 'x');
});
afterEach(async () => {
  for (const watch of watches) watch.stop();
  watches = [];
  await redis.config('SET', 'maxmemory', '0');
});
afterAll(async () => {
  await disconnectRedis(redis);
  await own.remove();
});

function watching(onCheck?: (usedShare: number) => void) {
  const { logger, lines } = rememberingLogger();
  const watch = new MemoryWatch({ redis, logger, ...(onCheck ? { onCheck } : {}) });
  watches.push(watch);
  return { watch, lines };
}

/** Sets the limit so that the ballast alone is about this share of it. */
const limitTo = (share: number) => redis.config('SET', 'maxmemory', Math.round(BALLAST / share));

describe('a watch of the memory', () => {
  it('never calls a Redis full that has no limit', async () => {
    const shares: number[] = [];
    const { watch } = watching((share) => shares.push(share));
    await watch.check();
    expect(watch.isNearlyFull).toBe(false);
    expect(shares).toEqual([0]);
  });

  it('calls it nearly full above nine tenths of its limit, and not below', async () => {
    const shares: number[] = [];
    const { watch } = watching((share) => shares.push(share));
    await limitTo(0.5);
    await watch.check();
    expect(watch.isNearlyFull).toBe(false);
    await limitTo(0.9);
    await watch.check();
    expect(watch.isNearlyFull).toBe(true);
    expect(shares[0]).toBeGreaterThan(0.5);
    expect(shares[0]).toBeLessThan(0.9);
    expect(shares[1]).toBeGreaterThan(0.9);
  });

  it('checks at start, notices by itself that memory is free again, and logs each change once', async () => {
    let looks = 0;
    const { watch, lines } = watching(() => {
      looks += 1;
    });
    await limitTo(0.95);
    await watch.start();
    expect(watch.isNearlyFull).toBe(true);
    await until('it has looked again', () => looks >= 2);
    await limitTo(0.2);
    await until('there is room', () => !watch.isNearlyFull);
    expect(lines.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'redis is nearly full: new jobs are refused'],
      ['info', 'redis is no longer nearly full: new jobs are accepted'],
    ]);
  });

  it('believes a refused write until the next look', async () => {
    const { watch } = watching();
    watch.markFull();
    expect(watch.isNearlyFull).toBe(true);
    await watch.check();
    expect(watch.isNearlyFull).toBe(false);
  });

  it('keeps what it knew while Redis does not answer', async () => {
    const { watch } = watching();
    await limitTo(0.95);
    await watch.check();
    own.freeze();
    await expect(watch.check()).rejects.toThrow();
    own.proceed();
    expect(watch.isNearlyFull).toBe(true);
  });
});

describe('isOutOfMemory', () => {
  it('is true of a write that a full Redis refuses, and of no other error', async () => {
    await limitTo(2);
    const full: unknown = await redis.set('x', '1').catch((error: unknown) => error);
    await redis.config('SET', 'maxmemory', '0');
    const wrong: unknown = await redis.incr('ballast').catch((error: unknown) => error);
    expect(isOutOfMemory(full)).toBe(true);
    for (const not of [wrong, new Error('OOM x'), 'OOM x', null]) expect(isOutOfMemory(not)).toBe(false);
  });
});
