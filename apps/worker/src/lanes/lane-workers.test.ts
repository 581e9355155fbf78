import type { Outcome } from '@holdfast/core';
import { BullQueues, LaneQueues } from '@holdfast/queue';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestWorker, silent, type TestWorker, until } from '../../testing/worker.ts';
import { runAttempt } from '../attempt/run-attempt.ts';
import { RunningAttempts } from '../attempt/running-attempts.ts';
import { startLaneWorkers } from './lane-workers.ts';

let t: TestWorker;
let ready: BullQueues;
let queues: LaneQueues;
beforeAll(async () => {
  t = await openTestWorker();
  ready = new BullQueues(t.cell, () => undefined);
  queues = new LaneQueues({ cell: t.cell, ready, onError: () => undefined });
});
afterAll(async () => {
  await queues.close();
  await ready.close();
  await t.close();
});

/** Workers of a lane of their own, so that no test takes another's jobs. */
async function start(lane: string, hang?: () => Promise<Outcome>) {
  const running = new RunningAttempts();
  const served = t.deps.lanes.get('default');
  const deps = { ...t.deps, running, lanes: new Map(served ? [[lane, served]] : []) };
  const { stop } = await startLaneWorkers({
    lanes: new Map([[lane, 5]]),
    cell: t.cell,
    queues,
    logger: silent,
    running,
    run: hang ?? ((release, lockLost) => runAttempt(deps, release, lockLost)),
  });
  return { stop, running };
}

async function submit(lane: string, mode: string): Promise<string> {
  const jobId = await t.submit(mode, { lane });
  queues.dispatch(lane);
  return jobId;
}

/** What BullMQ says of the job's newest release. */
const stateOf = async (jobId: string, lane: string) =>
  ready.stateOf(lane, { jobId, release: await t.releaseOf(jobId) });

/** Jobs of a lane, wherever they are. */
async function countIn(lane: string): Promise<number> {
  const { waiting, delayed, permits } = await queues.scheduler.counts(lane);
  return waiting + delayed + permits;
}

describe('lane workers', () => {
  it('run what is queued, and stop at once when nothing is under way', async () => {
    const { stop } = await start('idle');
    const jobId = await submit('idle', 'answer');
    await until('it is done', async () => (await t.job(jobId)).status === 'completed');
    await stop(60_000);
    expect([await stateOf(jobId, 'idle'), await countIn('idle')]).toEqual(['ended', 0]);
  });

  it('let a job under way end while there is time', async () => {
    let finish: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    t.modes.held = async function* () {
      yield { kind: 'text', text: 'so far' };
      await held;
      yield { kind: 'result', output: 'done', usage: null };
    };
    const { stop, running } = await start('patient');
    const jobId = await submit('patient', 'held');
    await until('it runs', () => running.size === 1);
    const stopped = stop(60_000);
    const later = await submit('patient', 'answer');
    finish();
    await stopped;
    expect((await t.job(jobId)).output).toBe('done');
    expect((await t.job(later)).status).toBe('queued');
    expect([await stateOf(jobId, 'patient'), await countIn('patient')]).toEqual(['ended', 1]);
  });

  it('hand jobs back when the time is over, for another worker to go on with', async () => {
    const { stop, running } = await start('hasty');
    const ids = [await submit('hasty', 'wait'), await submit('hasty', 'wait')];
    await until('both run', () => running.size === 2);
    await stop(20);
    for (const jobId of ids) expect(await t.job(jobId)).toMatchObject({ status: 'queued', attempt: 1 });
    expect(await countIn('hasty')).toBe(2);
    const next = await start('hasty');
    await until('both run again', () => next.running.size === 2);
    await next.stop(0);
    expect((await t.job(ids[0] ?? '')).attempt).toBe(2);
  });

  it('leave behind what obeys no order', async () => {
    let runs = 0;
    const { stop } = await start('stubborn', () => {
      runs += 1;
      return new Promise<never>(() => undefined);
    });
    const jobId = await submit('stubborn', 'wait');
    await until('it runs', () => runs === 1);
    await stop(20);
    expect([await stateOf(jobId, 'stubborn'), await countIn('stubborn')]).toEqual(['held', 1]);
  });
});
