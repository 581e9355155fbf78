import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JournalProbe } from '../stack/journal-probe.ts';
import { chat, Stack, until } from '../stack/stack.ts';

const RETENTION_MS = 1_500;

let stack: Stack;
let probe: JournalProbe;
beforeAll(async () => {
  stack = await Stack.start({ env: { RETENTION_HOURS: String(RETENTION_MS / 3_600_000) } });
  probe = await JournalProbe.open(stack);
});
afterAll(async () => {
  await probe?.close();
  await stack?.close();
});

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
    expect(await probe.redis.keys(`${probe.journal.keysOf(job.id).record}*`)).toEqual([]);
    await until('no list names it', async () => (await probe.listedJobs()) === 0);
    expect(await probe.redis.zcard(`${probe.cell.keys.base}expiring`)).toBe(0);
    // BullMQ still has the entry of the first one: the second must not be taken for it.
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
