import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestWorker, type TestWorker, until } from '../../testing/worker.ts';
import { RunningAttempts } from './running-attempts.ts';
import { StopOrder } from './stop-order.ts';

let t: TestWorker;
beforeAll(async () => {
  t = await openTestWorker();
});
afterAll(() => t.close());

/** A job that runs here, with its order. */
async function running(attempts: RunningAttempts): Promise<{ jobId: string; order: StopOrder }> {
  const jobId = await t.submit('wait');
  await t.crash(jobId);
  const order = new StopOrder();
  attempts.add(jobId, order);
  return { jobId, order };
}

describe('RunningAttempts', () => {
  it('obeys a cancel of a job that runs here, and of no other', async () => {
    const attempts = new RunningAttempts();
    const unlisten = await attempts.listen(t.journal, t.feed);
    const [one, other] = [await running(attempts), await running(attempts)];
    await t.redis.publish(t.cell.keys.control, 'job_of_another_worker');
    await t.journal.cancel(one.jobId);
    await until('the order has come', () => one.order.signal.aborted);
    expect([one.order.reason, other.order.reason]).toEqual(['cancelled', null]);
    unlisten();
  });

  it('asks for the cancels that it may have missed when its connection was away', async () => {
    const attempts = new RunningAttempts();
    const unlisten = await attempts.listen(t.journal, t.feed);
    const [one, other] = [await running(attempts), await running(attempts)];
    // Cancelled on the record alone, as if the message had been published while the connection was away.
    await t.redis.hset(t.journal.keysOf(one.jobId).record, 'cancel_requested_at', Date.now());
    t.subscriber.disconnect(true);
    await until('the order has come', () => one.order.signal.aborted);
    expect([one.order.reason, other.order.reason]).toEqual(['cancelled', null]);
    await t.journal.cancel(other.jobId);
    await until('the second order has come', () => other.order.signal.aborted);
    unlisten();
  });

  it('gives every attempt the order to drain', async () => {
    const attempts = new RunningAttempts();
    const jobs = [await running(attempts), await running(attempts)];
    attempts.drain();
    expect(jobs.map(({ order }) => order.reason)).toEqual(['draining', 'draining']);
  });

  it('keeps a newer attempt at the same job listed when the older one ends', () => {
    const attempts = new RunningAttempts();
    const [older, newer] = [new StopOrder(), new StopOrder()];
    const unlistOlder = attempts.add('job_a', older);
    const unlistNewer = attempts.add('job_a', newer);
    unlistOlder();
    expect(attempts.size).toBe(1);
    attempts.drain();
    expect(newer.reason).toBe('draining');
    unlistNewer();
    expect(attempts.size).toBe(0);
  });
});
