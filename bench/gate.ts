/**
 * Measures what the gate adds to a submit: the calls that the API makes to Redis, with and without it.
 *
 *   1. starts a Redis
 *   2. warms every subject up
 *   3. lets the subjects take turns, repetition by repetition, one submit at a time and 50 at once
 *   4. writes results/gate.json, and docs/bench/gate.md made from it
 *
 *   node --conditions=source bench/gate.ts
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '@holdfast/local/redis';
import { disconnectRedis, type Redis } from '@holdfast/redis';
import { addedBy, type Comparison, pageOf, type Results, type Run } from './gate/report.ts';
import { makeSubjects, type Subject, subjectNames } from './gate/subjects.ts';
import { commitOf, machineOf } from './machine.ts';
import { openRedis } from './open-redis.ts';

const REPETITIONS = 9;
const SUBMITS = 400;
const AT_ONCE = [1, 50];

async function measure(subject: Subject, atOnce: number): Promise<Run> {
  const began = process.hrtime.bigint();
  let left = SUBMITS;
  const one = async () => {
    while (left > 0) {
      left -= 1;
      await subject();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return { perSubmit: Number(process.hrtime.bigint() - began) / 1_000 / SUBMITS };
}

async function compare(redis: Redis): Promise<Comparison[]> {
  const subjects = makeSubjects(redis);
  const empty = () => Object.fromEntries(subjectNames.map((name) => [name, []])) as unknown as Comparison['runs'];
  const comparisons = AT_ONCE.map((atOnce): Comparison => ({ atOnce, runs: empty() }));
  for (const name of subjectNames) await measure(subjects[name], 10);
  for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
    for (const { atOnce, runs } of comparisons) {
      for (const name of subjectNames) runs[name].push(await measure(subjects[name], atOnce));
    }
  }
  return comparisons;
}

async function run(redis: Redis): Promise<Results> {
  const machine = await machineOf(redis);
  const date = new Date().toISOString().slice(0, 10);
  const comparisons = await compare(redis);
  return { date, commit: commitOf(), machine, repetitions: REPETITIONS, submits: SUBMITS, comparisons };
}

const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
const server = await startRedis({ dataDir, env: process.env, log: console.log });
const redis = await openRedis(server.url, 'producer');
try {
  const results = await run(redis);
  writeFileSync(join(import.meta.dirname, 'results/gate.json'), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(import.meta.dirname, '../docs/bench/gate.md'), pageOf(results));
  for (const comparison of results.comparisons) {
    const { median } = addedBy('all', comparison);
    console.log(`${comparison.atOnce} at once: requests and budgets add ${median.toFixed(0)} µs to a submit`);
  }
} finally {
  await disconnectRedis(redis);
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
