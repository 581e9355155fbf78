import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type OwnRedis, rememberingLogger, startOwnRedis } from '../testing/redis.ts';
import { connectRedis, disconnectRedis, type Redis, untilReady } from './connect.ts';
import { memoryKey, memoryTurnKey } from './keys.ts';
import { noteMemory, readMemoryNotes } from './memory-notes.ts';
import { readRedisFacts } from './redis-facts.ts';

let own: OwnRedis;
let redis: Redis;
beforeAll(async () => {
  own = await startOwnRedis();
  redis = connectRedis(own.url, 'worker', rememberingLogger().logger);
  await untilReady(redis, 60_000);
});
beforeEach(async () => {
  await redis.del(memoryKey('hf'), memoryTurnKey('hf'));
});
afterAll(async () => {
  await disconnectRedis(redis);
  await own.remove();
});

describe('the facts of a Redis', () => {
  it('are its version, memory, settings and clients', async () => {
    expect(await readRedisFacts(redis, 'hf', 'fsync')).toEqual({
      version: expect.stringMatching(/^\d+\.\d+/),
      usedBytes: expect.any(Number),
      maxBytes: null,
      policy: 'noeviction',
      appendOnly: true,
      fsync: 'always',
      isFileWell: true,
      isRewriting: false,
      clients: expect.any(Number),
      replicas: 0,
      growth: { bytesPerDay: null, fullAtMs: null },
      fault: null,
    });
  });

  it('name what the durability mode lacks, and nothing where the mode is unknown', async () => {
    await redis.config('SET', 'appendfsync', 'everysec');
    const { fault, fsync } = await readRedisFacts(redis, 'hf', 'fsync');
    const unknown = await readRedisFacts(redis, 'hf', null);
    const memory = await readRedisFacts(redis, 'hf', 'memory');
    await redis.config('SET', 'appendfsync', 'always');
    expect(fault).toContain('CONFIG SET appendfsync always');
    expect([fsync, unknown.fault, memory.fault]).toEqual(['everysec', null, null]);
    expect((await readRedisFacts(redis, 'hf', 'replica')).fault).toContain('no replica is connected');
  });

  it('say when new jobs will be refused, by the notes of a day', async () => {
    await redis.config('SET', 'maxmemory', '100000000');
    const now = Date.now();
    // 1 MB an hour, 50 MB now: 90 MB in 40 hours.
    for (let ago = 24; ago >= 0; ago -= 1) {
      await redis.lpush(memoryKey('hf'), `${now - ago * 3_600_000} ${50_000_000 - ago * 1_000_000}`);
    }
    const { growth, maxBytes } = await readRedisFacts(redis, 'hf', 'fsync');
    await redis.config('SET', 'maxmemory', '0');
    expect(maxBytes).toBe(100_000_000);
    expect(growth.bytesPerDay).toBe(24_000_000);
    expect(Math.abs((growth.fullAtMs ?? 0) - (now + 40 * 3_600_000))).toBeLessThan(1_000);
  });
});

describe('the notes of memory', () => {
  it('get one more in five minutes, whoever asks', async () => {
    await Promise.all([noteMemory(redis, 'hf'), noteMemory(redis, 'hf')]);
    await noteMemory(redis, 'hf');
    expect(await readMemoryNotes(redis, 'hf')).toEqual([{ atMs: expect.any(Number), usedBytes: expect.any(Number) }]);
    expect(await redis.pttl(memoryKey('hf'))).toBeGreaterThan(80_000_000);
  });

  it('are of one day at most, the newest first', async () => {
    await redis.rpush(memoryKey('hf'), ...Array.from({ length: 288 }, (_, at) => `${at} 5`));
    await noteMemory(redis, 'hf');
    const notes = await readMemoryNotes(redis, 'hf');
    expect(notes).toHaveLength(288);
    expect(notes[0]?.atMs).toBeGreaterThan(1_000_000);
    expect(notes.at(-1)).toEqual({ atMs: 286, usedBytes: 5 });
  });
});
