import { connectRedis, disconnectRedis } from '@holdfast/redis';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chat, Stack, until } from './stack.ts';

const RETENTION_MS = 1_500;

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start({ env: { RETENTION_HOURS: String(RETENTION_MS / 3_600_000) } });
}, 60_000);
afterAll(() => stack?.close());

describe('retention', () => {
  it('forgets a job by itself after its end: its id answers 404, no list shows it, its key is free', async () => {
    const { job } = await stack.client.submit(chat('kept for a while', 'tokens=2'), { idempotencyKey: 'kept' });
    const ended = await stack.client.wait(job.id);
    await until('the job is gone', () =>
      stack.client.get(job.id).then(
        () => false,
        (error) => error.code === 'job_not_found',
      ),
    );
    expect(Date.now() - Date.parse(ended.finished_at ?? '')).toBeGreaterThanOrEqual(RETENTION_MS - 100);
    expect((await stack.client.list()).data).toEqual([]);
    const redis = connectRedis(process.env.HOLDFAST_TEST_REDIS_URL ?? '', 'worker', console);
    const left = await redis.keys(`${stack.prefix}:{${job.id}}:*`);
    await disconnectRedis(redis);
    expect(left).toEqual([]);
    // The queue still keeps the entry of the first life: the second must not be taken for it, and wait for a sweep.
    const again = await stack.client.submit(chat('kept for a while', 'tokens=2'), { idempotencyKey: 'kept' });
    expect(again).toMatchObject({ replayed: false, job: { id: job.id } });
    const second = await stack.client.wait(job.id);
    expect(second).toMatchObject({ status: 'completed', attempt: 1 });
    expect(Date.parse(second.started_at ?? '') - Date.parse(second.created_at)).toBeLessThan(5_000);
  });

  it('never forgets a job that has not ended', async () => {
    const { job } = await stack.client.submit(
      chat('longer than kept', `tokens=100&itl_ms=${(RETENTION_MS * 1.5) / 100}`),
    );
    expect(await stack.client.wait(job.id)).toMatchObject({ status: 'completed' });
  });
});
