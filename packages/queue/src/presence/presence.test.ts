import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestLane, type TestLane } from '../../testing/queue.ts';
import { workersKey } from '../names.ts';
import { announceWorker, liveWorkers } from './presence.ts';

let t: TestLane;
beforeAll(async () => {
  t = await openTestLane();
});
afterAll(() => t.close());

/** As if `workerId` had last been heard of so long ago. */
async function heard(workerId: string, agoMs: number): Promise<void> {
  const [seconds] = await t.redis.time();
  await t.redis.zadd(workersKey(t.prefix), Number(seconds) * 1_000 - agoMs, `${workerId} c`);
}

describe('presence', () => {
  it('lists a worker from its first word to its last', async () => {
    expect(await liveWorkers(t.redis, t.prefix)).toEqual([]);
    const leave = await announceWorker(t.redis, t.prefix, { id: 'host-1', configDigest: 'c' });
    expect(await liveWorkers(t.redis, t.prefix)).toEqual([{ id: 'host-1', configDigest: 'c' }]);
    await leave();
    expect(await liveWorkers(t.redis, t.prefix)).toEqual([]);
  });

  it('counts a worker as gone when it has been silent for 10 s', async () => {
    await heard('quiet', 8_000);
    await heard('gone', 12_000);
    expect(await liveWorkers(t.redis, t.prefix)).toEqual([{ id: 'quiet', configDigest: 'c' }]);
  });

  it('removes workers that are long gone when another announces itself', async () => {
    await heard('ancient', 3_600_000);
    await heard('recent', 60_000);
    const leave = await announceWorker(t.redis, t.prefix, { id: 'host-2', configDigest: 'c' });
    const known = await t.redis.zrange(workersKey(t.prefix), '0', '-1');
    expect(known).toContain('recent c');
    expect(known).not.toContain('ancient c');
    await leave();
  });

  it('keeps the workers of another prefix apart', async () => {
    const leave = await announceWorker(t.redis, `${t.prefix}-other`, { id: 'host-3', configDigest: 'c' });
    expect((await liveWorkers(t.redis, t.prefix)).map(({ id }) => id)).not.toContain('host-3');
    await leave();
  });
});
