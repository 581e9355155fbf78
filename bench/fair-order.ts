/**
 * Measures how fair the scheduler is over millions of jobs, and what it costs.
 *
 *   1. on a whole stack: how long B waits behind A, and how long alone
 *   2. on a whole stack: the CPU with jobs that wait for a limit, and idle
 *   3. µs of Redis for each job and call
 *   4. a simulation with the cell's own scripts, without BullMQ
 *   5. writes results/fair-order.json, and from it docs/bench/fair-order.md
 *
 * `npm run bench:fair-order`; with `-- --page` it measures nothing, and makes the page from the last results.
 * FAIR_ORDER_JOBS=n sets the number of simulated jobs.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
/** How often the wait of B behind A is measured. */
const REPETITIONS = 5;

const here = import.meta.dirname;
const resultsFile = join(here, 'results/fair-order.json');
const log = (line: string) => console.log(line);

async function measure(url: string, pid: number): Promise<Results> {
  const redis = await openRedis(url, 'worker');
  try {
    const machine = await machineOf(redis);
    const about = { date: new Date().toISOString().slice(0, 10), commit: commitOf(), machine };
    const wait: WaitOfB[] = [];
    for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
      wait.push(await measureWait(url, WAITING_JOBS));
      log(JSON.stringify(wait.at(-1)));
    }
    const held = await measureHeld(url, pid, WAITING_JOBS, HELD_SECONDS);
    log(JSON.stringify(held));
    // What follows measures the scheduler alone. Its keys need not be durable.
    await redis.flushall();
    await redis.config('SET', 'appendonly', 'no');
    const cost = await measureCost(redis, 20_000);
    log(JSON.stringify(cost));
    await redis.flushall();
    return {
      ...about,
      fairness: await simulateFairness(redis, SIMULATED_JOBS, log),
      cost,
      jobsOfA: WAITING_JOBS,
      wait,
      held,
    };
  } finally {
    await disconnectRedis(redis);
  }
}

async function measureAll(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  const redis = await startRedis({ dataDir, env: process.env, log });
  try {
    writeFileSync(resultsFile, `${JSON.stringify(await measure(redis.url, redis.pid), null, 2)}\n`);
  } finally {
    await redis.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

if (!process.argv.includes('--page')) await measureAll();
writeFileSync(
  join(here, '../docs/bench/fair-order.md'),
  pageOf(JSON.parse(readFileSync(resultsFile, 'utf8')) as Results),
);
