/**
 * Measures what the gates cost: CPU of Node and of Redis, per submit, per provider call, and at a job's end.
 *
 *   1. starts a Redis
 *   2. warms every subject up
 *   3. lets the subjects take turns, many times in each repetition, one at a time and 50 at once
 *   4. writes results/gate.json, and docs/bench/gate.md made from it
 *
 *   node --conditions=source bench/gate.ts
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ledger } from '@holdfast/gate';
import { Journal } from '@holdfast/journal';
import { startRedis } from '@holdfast/local/redis';
import { disconnectRedis, type Redis } from '@holdfast/redis';
import { makeChoices } from './gate/choices.ts';
import { makeLater } from './gate/later.ts';
import { type Cost, type Load, meanOf, measure, measureLocally, type Subject } from './gate/measure.ts';
import { type Comparison, pageOf, type Results } from './gate/report.ts';
import { makeSubmits } from './gate/submits.ts';
import { commitOf, machineOf } from './machine.ts';
import { openRedis } from './open-redis.ts';

const REPETITIONS = 9;
/** Of each repetition: the subjects take turns every few milliseconds, and what else runs disturbs all of them alike. */
const ROUNDS = 10;
/** Of each round. */
const loads: Load[] = [
  { operations: 50, atOnce: 1 },
  { operations: 300, atOnce: 50 },
];
/** So many that each tenant's hashes are what they are with many jobs. */
const warmUp: Load = { operations: 1_000, atOnce: 50 };
const LOCAL_OPERATIONS = 200_000;

interface Measured {
  subjects: Subject[];
  load: Load;
  comparison: Comparison;
}

function overLoads(title: string, hasBase: boolean, subjects: Subject[]): Measured[] {
  return loads.map((load) => {
    const { operations, atOnce } = load;
    const rows = subjects.map((subject) => ({ title: subject.title, runs: [] }));
    return { subjects, load, comparison: { title, operations: ROUNDS * operations, atOnce, hasBase, rows } };
  });
}

async function repeat(redis: Redis, { subjects, load, comparison }: Measured): Promise<void> {
  const costs: Cost[][] = subjects.map(() => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [at, subject] of subjects.entries()) costs[at]?.push(await measure(redis, subject, load));
  }
  for (const [at, row] of comparison.rows.entries()) row.runs.push(meanOf(costs[at] ?? []));
}

async function compare(redis: Redis): Promise<Pick<Results, 'comparisons' | 'local'>> {
  const prefix = 'bench';
  const journal = new Journal({ redis, prefix, retentionMs: 3_600_000 });
  const parts = { redis, prefix, journal, ledger: new Ledger({ redis, prefix }) };
  const [submits, later, choices] = [await makeSubmits(parts), await makeLater(parts), makeChoices()];
  const measured = [
    ...overLoads('A submit', true, submits),
    ...overLoads("A provider call, and the job's end", false, later),
  ];
  const local = choices.map(({ title }) => ({ title, runs: [] as number[] }));
  for (const subject of [...submits, ...later]) await measure(redis, subject, warmUp);
  for (const subject of choices) measureLocally(subject, LOCAL_OPERATIONS);
  for (let repetition = 1; repetition <= REPETITIONS; repetition += 1) {
    for (const one of measured) await repeat(redis, one);
    for (const [at, subject] of choices.entries()) local[at]?.runs.push(measureLocally(subject, LOCAL_OPERATIONS));
    console.log(`${repetition}/${REPETITIONS}`);
  }
  const comparisons = measured.map(({ comparison }) => comparison);
  return { comparisons, local: { operations: LOCAL_OPERATIONS, rows: local } };
}

async function run(redis: Redis): Promise<Results> {
  // Rewriting its file would take CPU from whichever row happens to be measured.
  await redis.config('SET', 'auto-aof-rewrite-percentage', '0');
  const machine = await machineOf(redis);
  const date = new Date().toISOString().slice(0, 10);
  return { date, commit: commitOf(), machine, repetitions: REPETITIONS, ...(await compare(redis)) };
}

const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
const server = await startRedis({ dataDir, env: process.env, log: console.log });
const redis = await openRedis(server.url, 'producer');
try {
  const results = await run(redis);
  const page = pageOf(results);
  writeFileSync(join(import.meta.dirname, 'results/gate.json'), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(import.meta.dirname, '../docs/bench/gate.md'), page);
  console.log(page);
} finally {
  await disconnectRedis(redis);
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
