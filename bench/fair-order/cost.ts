/** What the scheduling of a job costs Redis: the time of the scripts on its one thread, from `INFO commandstats`. */
import { Cell } from '@holdfast/cell';
import { jobIdFor } from '@holdfast/core';
import { Journal } from '@holdfast/journal';
import { LaneCallLimits, LaneQueues } from '@holdfast/queue';
import type { Redis } from '@holdfast/redis';

/** One line of the page. The text is stored with the figure, because the scripts change and the figure belongs to the old ones. */
export interface Cost {
  what: string;
  /** Of Redis' thread, for each job or call. */
  us: number;
}

const CHUNK = 500;
const AT_ONCE = 50;
const request = { task: 'chat.completions', input: { model: 'sim' } };
const ready = { add: async () => {}, remove: async () => {}, stateOf: async () => 'held' as const };

/** µs that all scripts, with their commands, took during `run`, divided by `count`. */
async function microsecondsOf(redis: Redis, count: number, run: () => Promise<unknown>): Promise<number> {
  await redis.config('RESETSTAT');
  await run();
  const stats = await redis.info('commandstats');
  const [, usec = '0'] = /cmdstat_evalsha:calls=\d+,usec=(\d+)/.exec(stats) ?? [];
  return Number(usec) / count;
}

/** @param jobs that are submitted; half of them are then dispatched and ended */
export async function measureCost(redis: Redis, jobs: number): Promise<Cost[]> {
  const lane = 'default';
  const cell = new Cell({ redis, prefix: 'cost', retentionMs: 0 });
  const journal = new Journal(cell);
  const { scheduler } = new LaneQueues({ cell, ready, onError: () => undefined });
  await scheduler.setConfiguredLimits(lane, { requests_per_minute: 10_000_000, tokens_per_minute: 1_000_000_000 });
  const submit = (at: number) => {
    const tenant = `t${at % 100}`;
    const job = { id: jobIdFor(tenant, null), tenant, lane, request, requestText: '{}', digest: '', tokens: 100 };
    return journal.submit(job, { limits: {}, estimateUsd: null });
  };
  // Before anything is counted, this loads the scripts and makes the rings.
  for (let at = 0; at < 100; at += 1) await submit(at);
  await scheduler.announce(lane, 'worker', AT_ONCE);
  const submitUs = await microsecondsOf(redis, jobs, async () => {
    for (let at = 100; at < jobs + 100; at += CHUNK) {
      await Promise.all(Array.from({ length: CHUNK }, (_, next) => submit(at + next)));
    }
  });
  const dispatchUs = await microsecondsOf(redis, jobs / 2, async () => {
    // As under load: all permits are taken, and each one that is freed is given to the next job.
    let running = (await scheduler.dispatch(lane)).released;
    for (let ended = 0; ended < jobs / 2; ended += 1) {
      const [first, ...rest] = running;
      if (!first) break;
      await journal.cancel(first.jobId);
      running = [...rest, ...(await scheduler.dispatch(lane)).released];
    }
  });
  const calls = new LaneCallLimits(cell);
  await calls.acquireCall(lane, 100);
  const callUs = await microsecondsOf(redis, 2_000, async () => {
    for (let call = 0; call < 2_000; call += 1) await calls.acquireCall(lane, 100);
  });
  return [
    { what: 'a submit: `submit`', us: submitUs },
    {
      what: 'a job from its permit to the next one: an end, and a `dispatch` for it alone, with buckets',
      us: dispatchUs,
    },
    { what: 'a further call of a job: `acquireCall`', us: callUs },
  ];
}
