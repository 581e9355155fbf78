import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestWorker, type TestWorker, until } from '../../testing/worker.ts';
import { RunningAttempts } from './running-attempts.ts';
import { StopSignal } from './stop-signal.ts';

let t: TestWorker;
beforeAll(async () => {
  t = await openTestWorker();
});
afterAll(() => t.close());

/** A job that runs here, with its stop signal. */
async function running(attempts: RunningAttempts): Promise<{ jobId: string; stop: StopSignal }> {
  const jobId = await t.submit('wait');
  await t.crash(jobId);
  const stop = new StopSignal();
  attempts.add(jobId, stop);
  return { jobId, stop };
}

describe('RunningAttempts', () => {
  it('obeys a cancel of a job that runs here, and of no other', async () => {
    const attempts = new RunningAttempts();
    const unlisten = await attempts.listen(t.journal, t.feed);
    const [one, other] = [await running(attempts), await running(attempts)];
    await t.redis.publish(t.cell.keys.control, 'job_of_another_worker');
    await t.journal.cancel(one.jobId);
    await until('it is stopped', () => one.stop.signal.aborted);
    expect([one.stop.reason, other.stop.reason]).toEqual(['cancelled', null]);
    unlisten();
  });

  it('asks for the cancels that it may have missed when its connection was away', async () => {
    const attempts = new RunningAttempts();
    const unlisten = await attempts.listen(t.journal, t.feed);
    const [one, other] = [await running(attempts), await running(attempts)];
    // Cancelled on the record alone, as if the message had been published while the connection was away.
    await t.redis.hset(t.journal.keysOf(one.jobId).record, 'cancel_requested_at', Date.now());
    t.subscriber.disconnect(true);
    await until('it is stopped', () => one.stop.signal.aborted);
    expect([one.stop.reason, other.stop.reason]).toEqual(['cancelled', null]);
    await t.journal.cancel(other.jobId);
    await until('the second is stopped', () => other.stop.signal.aborted);
    unlisten();
  });

  it('drains every attempt', async () => {
    const attempts = new RunningAttempts();
    const jobs = [await running(attempts), await running(attempts)];
    attempts.drain();
    expect(jobs.map(({ stop }) => stop.reason)).toEqual(['draining', 'draining']);
  });

  it('keeps a newer attempt at the same job listed when the older one ends', () => {
    const attempts = new RunningAttempts();
    const [older, newer] = [new StopSignal(), new StopSignal()];
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
