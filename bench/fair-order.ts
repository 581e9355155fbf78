/**
 * Measures how fair the scheduler is over millions of jobs, and what it costs.
 *
 *   1. a simulation over the cell's own scripts, without BullMQ
 *   2. µs of Redis per job and per call
 *   3. on a whole stack: the wait of B behind A against B alone
 *   4. on a whole stack: the CPU of held jobs against idle
 *   5. writes results/fair-order.json, and docs/bench/fair-order.md made from it
 *
 *   node --conditions=holdfast-source bench/fair-order.ts          FAIR_ORDER_JOBS=n: so many in the simulation
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '@holdfast/local/redis';
import { disconnectRedis } from '@holdfast/redis';
import { measureCost } from './fair-order/cost.ts';
import { pageOf, type Results } from './fair-order/report.ts';
import { simulateFairness } from './fair-order/simulate.ts';
import { measureHeld, measureWait, type WaitOfB } from './fair-order/stack-runs.ts';
import { commitOf, machineOf } from './machine.ts';
import { openRedis } from './open-redis.ts';

const SIMULATED_JOBS = Number(process.env.FAIR_ORDER_JOBS ?? 3_000_000);
const WAITING_JOBS = 10_000;
const HELD_SECONDS = 20;
/** Of B behind A. */
const REPETITIONS = 5;

const here = import.meta.dirname;
const say = (line: string) => console.log(line);

async function measure(url: string, pid: number): Promise<Results> {
  const redis = await openRedis(url, 'worker');
  try {
    const machine = await machineOf(redis);
    const about = { date: new Date().toISOString().slice(0, 10), commit: commitOf(), machine };
    const wait: WaitOfB[] = [];
    for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
      wait.push(await measureWait(url, WAITING_JOBS));
      say(JSON.stringify(wait.at(-1)));
    }
    const held = await measureHeld(url, pid, WAITING_JOBS, HELD_SECONDS);
    say(JSON.stringify(held));
    // What follows is the scheduler alone, whose keys need not be durable.
    await redis.flushall();
    await redis.config('SET', 'appendonly', 'no');
    const cost = await measureCost(redis, 20_000);
    say(JSON.stringify(cost));
    await redis.flushall();
    return {
      ...about,
      fairness: await simulateFairness(redis, SIMULATED_JOBS, say),
      cost,
      jobsOfA: WAITING_JOBS,
      wait,
      held,
    };
  } finally {
    await disconnectRedis(redis);
  }
}

const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
const redis = await startRedis({ dataDir, env: process.env, log: say });
try {
  const results = await measure(redis.url, redis.pid);
  writeFileSync(join(here, 'results/fair-order.json'), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(here, '../docs/bench/fair-order.md'), pageOf(results));
} finally {
  await redis.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
