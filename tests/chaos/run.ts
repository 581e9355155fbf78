/**
 * Runs faults under load, and checks the promises. Real processes and signals.
 *
 *   npm run chaos                   every fault in its long form, and the switches
 *   npm run chaos -- --report       the same, and plain BullMQ; writes docs/chaos-report.md
 *   npm run chaos:short             every fault for ten seconds, and the switches
 *   npm run chaos:short -- --shard 1/5   the same with a fifth of the switches: CI runs one of the five
 *   node --conditions=holdfast-source tests/chaos/run.ts [--seed N] [--jobs N] [--only NAME] [--shard N/M] [--at-once N]
 *                                   [--short | --long] [--report]
 *                                   neither short nor long: every fault for about half a minute, without the switches
 *
 *   --jobs     jobs for each fault, instead of the fault's own number
 *   --only     one fault of `faults/`; one switch of `switches/fault-switches.ts` or `switches/scenario-switches.ts`; or `peer-`
 *              and a fault: plain BullMQ under it
 *   --shard    every fault, but only each M-th switch, from the N-th on
 *   --at-once  how many run at the same time; default 3 in the short form, else 1
 *
 *   faults/    what is done to a running stack
 *   run/       one run of one fault: load, schedule, outside ledger, checks
 *   redis/     Redis behind a proxy, with a replica, on a small disk
 *   switches/  break one safety each; `preloads/` are loaded into the processes
 *   trials/    what is run, how long, and the report
 *
 * A switch passes when its run fails for the expected reason. The first line of the output is the seed, the last is
 * "N passed, N failed", which counts each fault and each switch. The exit code is 1 when one failed.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { lineOf, pageOf } from './trials/report.ts';
import type { Size } from './trials/sizes.ts';
import { allTrials, type Findings, type Shard, type Trial } from './trials/trials.ts';

const root = join(import.meta.dirname, '../..');
const MAX_SENTENCES = 20;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    jobs: { type: 'string' },
    only: { type: 'string' },
    shard: { type: 'string', default: '1/1' },
    'at-once': { type: 'string' },
    short: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9));
const size: Size = values.short ? 'short' : values.long ? 'long' : 'usual';
const atOnce = Number(values['at-once'] ?? (values.short ? 3 : 1));
const trials = allTrials({
  seed,
  size,
  jobs: values.jobs === undefined ? undefined : Number(values.jobs),
  shard: readShard(values.shard),
});
const chosen = trials.filter(isChosen);
if (chosen.length === 0) throw new Error(`--only: expected one of ${trials.map(({ name }) => name).join(', ')}`);

function readShard(text: string): Shard {
  const [index = Number.NaN, count = Number.NaN] = text.split('/').map(Number);
  if (!(Number.isInteger(index) && Number.isInteger(count) && 1 <= index && index <= count)) {
    throw new Error(`--shard: expected two whole numbers as in 1/5, not ${text}`);
  }
  return { index, count };
}

function isChosen({ name, kind }: Trial): boolean {
  if (values.only !== undefined) return name === values.only;
  return { fault: true, switch: size !== 'usual' || values.report, peer: values.report }[kind];
}

/** A trial that throws has failed. The others still run. */
async function runTrial(trial: Trial): Promise<Findings> {
  const began = performance.now();
  const findings = await trial.run().catch((error: unknown): Findings => {
    return {
      summary: 'FAILED WITH AN ERROR',
      failures: [`${trial.name} failed: ${error instanceof Error ? error.stack : error}`],
    };
  });
  const { summary, failures, row } = findings;
  console.log(`${trial.kind} ${trial.name}: ${summary}, in ${((performance.now() - began) / 1_000).toFixed(0)} s`);
  if (row && (size !== 'short' || failures.length > 0)) console.log(lineOf(row));
  for (const sentence of failures.slice(0, MAX_SENTENCES)) console.log(`  ! ${sentence}`);
  return findings;
}

/** Runs the trials in order, `atOnce` at a time. */
async function runAll(): Promise<Map<Trial, Findings>> {
  const found = new Map<Trial, Findings>();
  const turns = chosen.values();
  const takeTurns = async () => {
    for (const trial of turns) found.set(trial, await runTrial(trial));
  };
  await Promise.all(Array.from({ length: atOnce }, takeTurns));
  return found;
}

function commitOf(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const parts = ['apps', 'packages', 'tests/chaos', 'tests/flow/scenarios', 'bench/peers'];
  const changed = git('status', '--porcelain', '--', ...parts) !== '';
  return git('rev-parse', '--short', 'HEAD') + (changed ? ' with changes' : '');
}

console.log(`seed ${seed}`);
const found = await runAll();
const findings = chosen.flatMap((trial) => found.get(trial) ?? []);
if (values.report) {
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.versions.node}.`;
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(
    join(root, 'docs/chaos-report.md'),
    pageOf({ date, commit: commitOf(), machine, seed, size, atOnce, findings }),
  );
}
const counted = chosen.filter(({ kind }) => kind !== 'peer').flatMap((trial) => found.get(trial) ?? []);
const failed = findings.filter(({ failures }) => failures.length > 0).length;
const passed = counted.filter(({ failures, skipped }) => failures.length === 0 && !skipped).length;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
