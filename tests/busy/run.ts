/**
 * The tests on a machine that has other things to do: `npm test`, again and again, beside processes that burn processor time.
 * A test that waits for a time instead of a condition fails here.
 *
 *   npm run test:busy                                 three times beside six busy processes
 *   npm run test:busy -- --burners 0 --runs 10        ten times on a machine that is left alone
 *   npm run test:busy -- tests/flow/budgets           these tests alone: what follows goes to Jest
 *
 *   --burners  so many busy processes; default 6
 *   --runs     so many times; default 3
 *   --long     the long tests in the place of the others
 *   --minutes  longest that one time may take; default 40
 *
 * Prints a line for each time and for each test that failed in it, then how often each test failed, and last "N passed, N
 * failed", of times. Ends with 1 when one failed. Its busy processes end with it; killed, they end by themselves once all times
 * must be over.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { failuresIn, type JestReport, readReport, tally } from './failures.ts';

const root = join(import.meta.dirname, '../..');

const { values, positionals } = parseArgs({
  options: {
    burners: { type: 'string', default: '6' },
    runs: { type: 'string', default: '3' },
    long: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '40' },
  },
  allowPositionals: true,
});
const burners = wholeNumber('burners', values.burners, 0);
const runs = wholeNumber('runs', values.runs, 1);
const runMs = wholeNumber('minutes', values.minutes, 1) * 60_000;

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least) return value;
  throw new Error(`--${name}: expected a whole number from ${least} up, not "${text}"`);
}

/** Burns the time of one processor, until it is killed or its time is over. */
function startBurner(ms: number): ChildProcess {
  const script = `for (const end = Date.now() + ${ms}; Date.now() < end; );`;
  return spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
}

/** @returns null where Jest wrote no report: it was killed, or could not begin */
function runTests(reportFile: string): Promise<JestReport | null> {
  // A group of its own, so that all of it can be ended.
  const script = values.long ? 'test:long' : 'test';
  const args = ['run', script, '--silent', '--', ...positionals, '--silent', '--json', `--outputFile=${reportFile}`];
  const child = spawn('npm', args, { cwd: root, stdio: 'ignore', detached: true });
  const end = (signal: NodeJS.Signals) => child.pid !== undefined && process.kill(-child.pid, signal);
  running = () => end('SIGTERM');
  const timer = setTimeout(() => end('SIGKILL'), runMs);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(timer);
      running = () => undefined;
      resolve(readReport(reportFile));
    });
  });
}

let running: () => unknown = () => undefined;
const busy = Array.from({ length: burners }, () => startBurner(runs * runMs));
const folder = mkdtempSync(join(tmpdir(), 'holdfast-busy-'));
process.on('exit', () => {
  for (const burner of busy) burner.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    running();
    process.exit(1);
  });
}

const failures: string[][] = [];
for (let run = 1; run <= runs; run += 1) {
  const began = performance.now();
  const report = await runTests(join(folder, `${run}.json`));
  const failed = report === null ? ['no report: it was not brought to its end'] : failuresIn(report, root);
  failures.push(failed);
  const seconds = Math.round((performance.now() - began) / 1_000);
  console.log(`${run} of ${runs}: ${report?.numPassedTests ?? 0} passed, ${failed.length} failed, in ${seconds} s`);
  for (const name of failed) console.log(`  ${name}`);
}
for (const { name, times } of tally(failures)) console.log(`${times} of ${runs} times: ${name}`);
const red = failures.filter((failed) => failed.length > 0).length;
console.log(`${runs - red} passed, ${red} failed`);
process.exitCode = red === 0 ? 0 : 1;
process.exit();
