/** How fast a worker drains a backlog, and what that costs. The measurement begins after a warm-up, and ends at a given count. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Turn } from '../row.ts';
import { startMeter } from './cpu.ts';
import type { BenchRedis } from './redis.ts';

export interface Drain {
  worker: number;
  redis: BenchRedis;
  /** How many jobs it has done so far. */
  count(): Promise<number>;
  /** So many jobs are not measured: meanwhile the process compiles its code. */
  warmUp: number;
  /** The measurement ends when so many jobs are done. */
  until: number;
}

const READ_EVERY_MS = 25;
const WITHIN_MS = 120_000;

/** jobs/s; µs of CPU per job; commands per job. */
export async function measureDrain({ worker, redis, count, warmUp, until }: Drain): Promise<Turn> {
  const first = await reach(count, warmUp);
  const commandsBefore = await redis.commands();
  const meter = startMeter({ worker: [worker], redis: [redis.pid] });
  const last = await reach(count, until);
  const [used, seconds, jobs] = [meter.read(), meter.seconds(), last - first];
  const commands = (await redis.commands()) - commandsBefore;
  return {
    rate: jobs / seconds,
    workerUs: used.worker / jobs,
    redisUs: used.redis / jobs,
    cpuUs: (used.worker + used.redis) / jobs,
    commands: commands / jobs,
  };
}

async function reach(count: () => Promise<number>, goal: number): Promise<number> {
  const deadline = performance.now() + WITHIN_MS;
  for (;;) {
    const done = await count();
    if (done >= goal) return done;
    if (performance.now() > deadline) throw new Error(`Only ${done} of ${goal} jobs were done within ${WITHIN_MS} ms.`);
    await delay(READ_EVERY_MS);
  }
}
