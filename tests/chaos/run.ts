/**
 * Faults under load, and what became of the promises. Real processes and signals; takes about six minutes for all.
 *
 *   node --conditions=source tests/chaos/run.ts [--seed N] [--jobs N] [--only NAME] [--break SWITCH] [--report]
 *
 *   --jobs     jobs per fault, instead of each fault's own number
 *   --only     one fault of `faults/`, or `peer`: plain BullMQ under the first fault
 *   --break    a switch of `break-safety.ts`: the run must then end red
 *   --report   runs the peer as well, and writes docs/chaos-report.md
 *
 * Prints the seed first. Ends with 1 when a promise was broken.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measurePeer } from '../../bench/peers/bullmq.ts';
import { breaks } from './break-safety.ts';
import { faults } from './faults/index.ts';
import { killWorker } from './faults/kill-worker.ts';
import { lineOf, pageOf, type Row, rowOf, rowOfSkipped } from './report.ts';
import { runFault } from './run-fault.ts';

const root = join(import.meta.dirname, '../..');
const say = (line: string) => console.log(line);

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    jobs: { type: 'string' },
    only: { type: 'string' },
    break: { type: 'string' },
    report: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9));
const broken = breaks.find((name) => name === values.break);
if (values.break !== undefined && broken === undefined) throw new Error(`--break is one of ${breaks.join(', ')}`);
const chosen = faults.filter(({ name }) => values.only === undefined || values.only === name);
const withPeer = values.only === 'peer' || (values.report && values.only === undefined);
if (chosen.length === 0 && !withPeer) {
  throw new Error(`--only is one of ${[...faults.map(({ name }) => name), 'peer'].join(', ')}`);
}

function commitOf(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--', 'apps', 'packages', 'tests/chaos', 'bench/peers') !== '';
  return git('rev-parse', '--short', 'HEAD') + (changed ? ' with changes' : '');
}

const machine = `${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.versions.node}.`;
const rows: Row[] = [];
const failures: string[] = [];
say(`seed ${seed}`);
for (const fault of chosen) {
  const missing = fault.whyNotHere?.() ?? null;
  if (missing !== null) {
    rows.push(rowOfSkipped(fault, missing));
    say(`\n${fault.name}: NOT RUN: ${missing}`);
    continue;
  }
  const began = performance.now();
  const jobs = Number(values.jobs ?? fault.load.jobs);
  const outcome = await runFault(fault, { seed, jobs, break: broken });
  rows.push(rowOf(outcome));
  failures.push(...outcome.broken);
  const verdict = outcome.broken.length === 0 ? 'kept' : `BROKEN: ${outcome.broken.length}`;
  say(
    `\n${fault.name}: ${verdict}, in ${((performance.now() - began) / 1_000).toFixed(0)} s\n${lineOf(rowOf(outcome))}`,
  );
  for (const sentence of outcome.broken.slice(0, 20)) say(`  ! ${sentence}`);
}
if (withPeer) {
  const peer = await measurePeer({ fault: killWorker, jobs: Number(values.jobs ?? killWorker.load.jobs), seed });
  rows.push(peer);
  say(`\nplain BullMQ\n${lineOf(peer)}`);
}
if (values.report) {
  const date = new Date().toISOString().slice(0, 10);
  const page = pageOf({ date, commit: commitOf(), machine, seed, rows, broken: failures });
  writeFileSync(join(root, 'docs/chaos-report.md'), page);
}
process.exitCode = failures.length === 0 ? 0 : 1;
