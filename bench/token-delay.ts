/**
 * Measures how much later a token reaches its reader through Holdfast than straight from the provider.
 *
 *   1. starts a Redis, the simulator, the API and a worker: real processes, from the sources
 *   2. warms every subject up
 *   3. lets the subjects take turns, repetition by repetition, with 1 stream and with 20
 *   4. writes results/token-delay.json, and docs/bench/token-delay.md made from it
 *
 *   node --conditions=holdfast-source bench/token-delay.ts
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
const say = (line: string) => console.log(line);

async function compare(subjects: Record<SubjectName, Subject>): Promise<Comparison[]> {
  const comparisons = loads.map((load) => ({ load, runs: { straight: [], holdfast: [], publish: [] } }) as Comparison);
  for (const name of subjectNames) await measureRun(subjects[name], warmUp);
  for (let repetition = 1; repetition <= REPETITIONS; repetition++) {
    for (const { load, runs } of comparisons) {
      for (const name of subjectNames) {
        const run = await measureRun(subjects[name], load);
        runs[name].push(run);
        say(
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

const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
const redis = await startRedis({ dataDir, env: process.env, log: say });
try {
  const results = await measure(redis.url);
  const docs = join(here, '../docs/bench');
  for (const folder of [join(here, 'results'), docs]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(here, 'results/token-delay.json'), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(docs, 'token-delay.md'), pageOf(results));
  for (const comparison of results.comparisons) say(summaryOf(comparison));
} finally {
  await redis.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
