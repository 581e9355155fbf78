import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { QueuedCap } from './queued-cap.ts';
import { openTestFeed, type TestFeed } from './test-feed.ts';

let t: TestFeed;
let caps: QueuedCap[];
beforeEach(async () => {
  t = await openTestFeed();
  caps = [new QueuedCap(t), new QueuedCap(t), new QueuedCap(t)];
});
afterEach(() => t.close());

const reserve = (jobId: string, most: number, at = 0) => caps[at]?.reserveQueued('a', jobId, most);

describe('places among the waiting jobs of a tenant', () => {
  it('are exactly as many as may wait, whoever asks', async () => {
    await t.add('a');
    await t.add('a', { delayMs: 60_000 });
    const asked = await Promise.all(Array.from({ length: 60 }, (_, job) => reserve(`job_${job}`, 20, job % 3)));
    expect(asked.filter(Boolean)).toHaveLength(18);
    expect(await caps[0]?.reserveQueued('b', 'job_b', 1)).toBe(true);
  });

  it('are the job’s own when it asks again', async () => {
    expect(await reserve('job_1', 1)).toBe(true);
    expect(await reserve('job_1', 1, 1)).toBe(true);
    expect(await reserve('job_2', 1)).toBe(false);
  });

  it('are used up by enqueueing, and free again when the job is released', async () => {
    await reserve('a-1', 1);
    await t.add('a');
    expect(await reserve('a-2', 2)).toBe(true);
    expect(await reserve('a-3', 2)).toBe(false);
    await t.feed.announce(t.lane, 'w', 1);
    expect(await t.pump()).toEqual(['a-1']);
    expect(await reserve('a-3', 2)).toBe(true);
  });

  it('are free again when they are given back, or lapse', async () => {
    await reserve('job_1', 1);
    await caps[1]?.dropReservation('a', 'job_1');
    expect(await reserve('job_2', 1)).toBe(true);
    await t.redis.zadd(`{${t.prefix}-queue}::reserved:a`, 1, 'job_2');
    expect(await reserve('job_3', 1)).toBe(true);
  });

  it('are free again when a waiting job is cancelled', async () => {
    const release = await t.add('a');
    expect(await reserve('job_2', 1)).toBe(false);
    await t.feed.withdraw(t.lane, release);
    expect(await reserve('job_2', 1)).toBe(true);
  });
});
