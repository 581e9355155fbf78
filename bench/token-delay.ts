/**
 * Measures how much later a token reaches its reader through Holdfast than straight from the provider.
 *
 *   1. starts a Redis, the simulator, the API and a worker: real processes, from the sources
 *   2. runs every subject once without counting it
 *   3. lets the subjects take turns in each repetition, with 1 stream and with 20
 *   4. writes results/token-delay.json, and from it docs/bench/token-delay.md
 *
 * `npm run bench:token-delay`; with `-- --page` it measures nothing, and makes the page from the last results.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '@holdfast/local/redis';
import { disconnectRedis } from '@holdfast/redis';
import { Stack } from '../tests/stack/stack.ts';
import { commitOf, type Machine, machineOf } from './machine.ts';
import { openRedis } from './open-redis.ts';
import { type Load, measureRun } from './token-delay/measure.ts';
import {
  type Comparison,
  pageOf,
  type Results,
  type SubjectName,
  subjectNames,
  summaryOf,
} from './token-delay/report.ts';
import { type Subject, straight, throughHoldfast, throughPublish } from './token-delay/subjects.ts';

const REPETITIONS = 5;
const loads: Load[] = [
  { streams: 1, tokens: 200, itlMs: 20 },
  { streams: 20, tokens: 200, itlMs: 20 },
];
const warmUp: Load = { streams: 20, tokens: 50, itlMs: 20 };

const here = import.meta.dirname;
const resultsFile = join(here, 'results/token-delay.json');
const log = (line: string) => console.log(line);

async function compare(subjects: Record<SubjectName, Subject>): Promise<Comparison[]> {
  const comparisons = loads.map((load) => ({ load, runs: { straight: [], holdfast: [], publish: [] } }) as Comparison);
  for (const name of subjectNames) await measureRun(subjects[name], warmUp);
  for (let repetition = 1; repetition <= REPETITIONS; repetition++) {
    for (const { load, runs } of comparisons) {
      for (const name of subjectNames) {
        const run = await measureRun(subjects[name], load);
        runs[name].push(run);
        log(
          `${repetition}/${REPETITIONS}  ${String(load.streams).padStart(2)} at once  ${name.padEnd(8)}  ` +
            `p50 ${run.p50.toFixed(2)} ms  p95 ${run.p95.toFixed(2)} ms  max ${run.max.toFixed(1)} ms`,
        );
      }
    }
  }
  return comparisons;
}

async function measure(redisUrl: string): Promise<Results> {
  const stack = await Stack.start({ redisUrl });
  const ready = await fetch(`${stack.apiUrl}/readyz`);
  if (!ready.ok) throw new Error(`The API is not ready: ${await ready.text()}`);
  const subjects = {
    straight: straight(stack.simulatorUrl),
    holdfast: throughHoldfast(stack.client),
    publish: await throughPublish(stack.simulatorUrl, redisUrl),
  };
  try {
    const date = new Date().toISOString().slice(0, 10);
    const found = await machine(redisUrl);
    return { date, commit: commitOf(), machine: found, repetitions: REPETITIONS, comparisons: await compare(subjects) };
  } finally {
    await Promise.all(Object.values(subjects).map((subject) => subject.close()));
    await stack.close();
  }
}

async function machine(redisUrl: string): Promise<Machine> {
  const redis = await openRedis(redisUrl, 'producer');
  const found = await machineOf(redis);
  await disconnectRedis(redis);
  return found;
}

async function measureAll(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  const redis = await startRedis({ dataDir, env: process.env, log });
  try {
    const results = await measure(redis.url);
    writeFileSync(resultsFile, `${JSON.stringify(results, null, 2)}\n`);
    for (const comparison of results.comparisons) log(summaryOf(comparison));
  } finally {
    await redis.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

if (!process.argv.includes('--page')) await measureAll();
writeFileSync(
  join(here, '../docs/bench/token-delay.md'),
  pageOf(JSON.parse(readFileSync(resultsFile, 'utf8')) as Results),
);
