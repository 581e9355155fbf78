/** What the feed's scripts cost Redis per job: their time on its one thread, from `INFO commandstats`. */
import { Feed, LaneCallLimits } from '@holdfast/queue';
import type { Redis } from '@holdfast/redis';

/** µs of Redis, per job or call. */
export interface Cost {
  enter: number;
  pumpAndLeave: number;
  reserveAndSettle: number;
}

const CHUNK = 500;

/** µs per `count` that all commands took while `run` ran, scripts with what they call counted once. */
async function microsecondsOf(redis: Redis, count: number, run: () => Promise<unknown>): Promise<number> {
  await redis.config('RESETSTAT');
  await run();
  const stats = await redis.info('commandstats');
  const [, usec = '0'] = /cmdstat_evalsha:calls=\d+,usec=(\d+)/.exec(stats) ?? [];
  return Number(usec) / count;
}

/** @param jobs that wait at the end; half of them are let out again */
export async function measureCost(redis: Redis, jobs: number): Promise<Cost> {
  const [prefix, lane] = ['cost', 'default'];
  const feed = new Feed({ redis, prefix });
  await feed.setConfiguredLimits(lane, { requests_per_minute: 10_000_000, tokens_per_minute: 1_000_000_000 });
  const enter = (at: number) => {
    const job = { jobId: `job-${at}`, release: 1, lane, tenant: `t${at % 100}`, tokens: 100 };
    return feed.enter({ ...job, delayMs: 0, deadlineInMs: null, priority: 0, again: false }, null, false);
  };
  // Scripts are loaded, and rings made, before anything is counted.
  for (let at = 0; at < 100; at += 1) await enter(at);
  await feed.announce(lane, 'worker', 50);
  const enterUs = await microsecondsOf(redis, jobs, async () => {
    for (let at = 100; at < jobs + 100; at += CHUNK) {
      await Promise.all(Array.from({ length: CHUNK }, (_, next) => enter(at + next)));
    }
  });
  let left = 0;
  const pumpUs = await microsecondsOf(redis, jobs / 2, async () => {
    // As under load: 50 slots are taken, and as one is freed it is given out again.
    let running = (await feed.pump(lane, true)).released;
    while (left < jobs / 2) {
      const [first, ...rest] = running;
      if (!first) break;
      await feed.leave(lane, first);
      running = [...rest, ...(await feed.pump(lane, true)).released];
      left += 1;
    }
  });
  const calls = new LaneCallLimits({ redis, prefix });
  await calls.reserveCall(lane, 100);
  await calls.settleCall(lane, 100, 90);
  const callUs = await microsecondsOf(redis, 2_000, async () => {
    for (let call = 0; call < 2_000; call += 1) {
      await calls.reserveCall(lane, 100);
      await calls.settleCall(lane, 100, 90);
    }
  });
  return { enter: enterUs, pumpAndLeave: pumpUs, reserveAndSettle: callUs };
}
