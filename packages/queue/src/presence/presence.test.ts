import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestLane, type TestLane } from '../../testing/queue.ts';
import { workerKey, workersKey } from '../names.ts';
import { announceOnce, announceWorker, liveWorkers, readWorkers } from './presence.ts';
import type { WorkerStatus } from './worker-status.ts';

let t: TestLane;
beforeAll(async () => {
  t = await openTestLane();
});
afterAll(() => t.close());

const status: WorkerStatus = {
  host: 'host',
  pid: 1,
  version: '0.1.0',
  startedAtMs: 5,
  draining: false,
  lanes: [{ lane: 'default', running: 2, capacity: 50 }],
  breakers: [],
  jobsEnded: 7,
  memoryBytes: 8,
  loopDelayMs: null,
};
const report = (_: number, draining: boolean) => ({ ...status, draining });
const worker = { id: 'host-9', configDigest: 'c' };

/** The one worker `host-9`; undefined: it is not listed. */
const found = async () => (await readWorkers(t.redis, t.prefix)).find(({ id }) => id === worker.id);

/** As if `workerId` had last been heard of so long ago. */
async function heard(workerId: string, agoMs: number): Promise<void> {
  const [seconds] = await t.redis.time();
  await t.redis.zadd(workersKey(t.prefix), Number(seconds) * 1_000 - agoMs, `${workerId} c`);
}

describe('presence', () => {
  it('lists a worker from its first word to its last', async () => {
    expect(await liveWorkers(t.redis, t.prefix)).toEqual([]);
    const { leave } = await announceWorker(t.redis, t.prefix, { id: 'host-1', configDigest: 'c' }, report);
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
    const { leave } = await announceWorker(t.redis, t.prefix, { id: 'host-2', configDigest: 'c' }, report);
    const known = await t.redis.zrange(workersKey(t.prefix), '0', '-1');
    expect(known).toContain('recent c');
    expect(known).not.toContain('ancient c');
    await leave();
  });

  it('keeps the workers of another prefix apart', async () => {
    const { leave } = await announceWorker(t.redis, `${t.prefix}-other`, { id: 'host-3', configDigest: 'c' }, report);
    expect((await liveWorkers(t.redis, t.prefix)).map(({ id }) => id)).not.toContain('host-3');
    await leave();
  });
});

describe('what a worker says of itself', () => {
  it('is read as long as the worker is alive, and is gone with it', async () => {
    const { leave } = await announceWorker(t.redis, t.prefix, worker, report);
    expect(await found()).toEqual({ ...worker, draining: false, seenAtMs: expect.any(Number), status });
    expect(await t.redis.pttl(workerKey(t.prefix, worker.id))).toBeGreaterThan(5_000);
    await leave();
    expect(await found()).toBeUndefined();
    expect(await t.redis.exists(workerKey(t.prefix, worker.id))).toBe(0);
  });

  it('outlives announcements of another thread, which keep it alive', async () => {
    const { leave } = await announceWorker(t.redis, t.prefix, worker, report);
    await t.redis.pexpire(workerKey(t.prefix, worker.id), 1_000);
    await announceOnce(t.redis, t.prefix, worker);
    expect(await found()).toMatchObject({ status });
    expect(await t.redis.pttl(workerKey(t.prefix, worker.id))).toBeGreaterThan(5_000);
    await leave();
  });

  it('tells that the worker drains: it is listed, and takes no jobs', async () => {
    const { drain, leave } = await announceWorker(t.redis, t.prefix, worker, report);
    await drain();
    expect(await found()).toMatchObject({ draining: true, status: { draining: true } });
    expect((await liveWorkers(t.redis, t.prefix)).map(({ id }) => id)).not.toContain(worker.id);
    await leave();
    expect(await found()).toBeUndefined();
  });

  it('is unknown of a worker of another version', async () => {
    const [seconds] = await t.redis.time();
    await t.redis.zadd(workersKey(t.prefix), Number(seconds) * 1_000, 'host-9 c');
    expect(await found()).toMatchObject({ status: null });
    await t.redis.set(workerKey(t.prefix, worker.id), '{"lanes":5}');
    expect(await found()).toMatchObject({ status: null });
  });
});
