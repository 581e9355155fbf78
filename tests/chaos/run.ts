/**
 * Faults under load, and what became of the promises. Real processes and signals.
 *
 *   npm run chaos                   every fault in its long form, and the switches
 *   npm run chaos -- --report       and plain BullMQ beside; writes docs/chaos-report.md
 *   npm run chaos:short             every fault for ten seconds, and the switches: what CI runs
 *   node --conditions=holdfast-source tests/chaos/run.ts [--seed N] [--jobs N] [--only NAME] [--at-once N] [--short | --long] [--report]
 *                                   neither short nor long: every fault for some half a minute, without the switches
 *
 *   --jobs     jobs per fault, instead of each fault's own number
 *   --only     one fault of `faults/`, one switch of `break-safety.ts` or of `break-promise.ts`, or `peer-` and a fault: plain
 *              BullMQ under it
 *   --at-once  so many at the same time: they wait more than they compute; default 3 in the short form, else 1
 *
 * A switch must be seen red. Prints the seed first, and last "N passed, N failed", one for each fault and each switch.
 * Ends with 1 when one failed.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { lineOf, pageOf } from './trials/report.ts';
import type { Size } from './trials/sizes.ts';
import { allTrials, type Findings, type Trial } from './trials/trials.ts';

const root = join(import.meta.dirname, '../..');
const MOST_SENTENCES = 20;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    jobs: { type: 'string' },
    only: { type: 'string' },
    'at-once': { type: 'string' },
    short: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9));
const size: Size = values.short ? 'short' : values.long ? 'long' : 'usual';
const atOnce = Number(values['at-once'] ?? (values.short ? 3 : 1));
const trials = allTrials({ seed, size, jobs: values.jobs === undefined ? undefined : Number(values.jobs) });
const chosen = trials.filter(isChosen);
if (chosen.length === 0) throw new Error(`--only is one of ${trials.map(({ name }) => name).join(', ')}`);

function isChosen({ name, kind }: Trial): boolean {
  if (values.only !== undefined) return name === values.only;
  return { fault: true, switch: size !== 'usual' || values.report, peer: values.report }[kind];
}

/** One that couldn't be brought to its end is broken, and keeps no other from its turn. */
async function runTrial(trial: Trial): Promise<Findings> {
  const began = performance.now();
  const findings = await trial.run().catch((error: unknown): Findings => {
    return {
      verdict: 'BROKEN OFF',
      broken: [`${trial.name} broke off: ${error instanceof Error ? error.stack : error}`],
    };
  });
  const { verdict, broken, row } = findings;
  console.log(`${trial.kind} ${trial.name}: ${verdict}, in ${((performance.now() - began) / 1_000).toFixed(0)} s`);
  if (row && (size !== 'short' || broken.length > 0)) console.log(lineOf(row));
  for (const sentence of broken.slice(0, MOST_SENTENCES)) console.log(`  ! ${sentence}`);
  return findings;
}

/** In order, `atOnce` at a time. */
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
    pageOf({ date, commit: commitOf(), machine, seed, size, findings }),
  );
}
const judged = chosen.filter(({ kind }) => kind !== 'peer').flatMap((trial) => found.get(trial) ?? []);
const failed = findings.filter(({ broken }) => broken.length > 0).length;
const passed = judged.filter(({ broken, skipped }) => broken.length === 0 && !skipped).length;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
