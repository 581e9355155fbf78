/**
 * One process from its start to its end: its lines are handed on, it is stopped within a bound, and nothing of it stays.
 *
 * Each process leads its own process group, so Ctrl-C in a terminal reaches only this one, and the order of stopping is
 * this one's to keep. What the group costs, the leash gives back: see `leash.ts`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type LeashTimes, tie } from './leash.ts';

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface RunningProcess {
  readonly pid: number;
  /** Resolves when it has ended, however that came; never rejects. */
  readonly exited: Promise<Exit>;
  /** Asks it to end (SIGTERM), and makes it end (SIGKILL) after `graceMs`. Resolves when it has ended. */
  stop(graceMs: number): Promise<Exit>;
}

export interface ProcessOptions {
  command: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Gets each line of stdout and stderr; null: they are this process's own. */
  onLine: ((line: string) => void) | null;
  /** When it is ended after this process was killed; by default at once. */
  leash?: Partial<LeashTimes>;
}

/** Long enough for the last lines of a process that has ended, short enough when a grandchild holds its pipes open. */
const LAST_LINES_MS = 250;

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine);
}

/**
 * Starts a process.
 * @throws what `spawn` does, as ENOENT: then nothing is running
 */
export async function runProcess({
  command,
  args,
  env,
  onLine,
  leash: times,
}: ProcessOptions): Promise<RunningProcess> {
  const output = onLine === null ? 'inherit' : 'pipe';
  const child = spawn(command, args, { env, detached: true, stdio: ['ignore', output, output] });
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      // Those that it started itself, as the child with which Redis rewrites its file, end with it.
      if (child.pid !== undefined) killGroup(child.pid);
      const late = setTimeout(() => resolve({ code, signal }), LAST_LINES_MS);
      child.once('close', () => {
        clearTimeout(late);
        resolve({ code, signal });
      });
    });
  });
  for (const stream of [child.stdout, child.stderr]) if (stream && onLine) readLines(stream, onLine);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} has no pid although it was started`);
  child.on('error', () => {});
  const leash = tie(pid, times);
  child.once('exit', () => leash.release());
  return { pid, exited, stop: (graceMs) => stop(child, exited, graceMs) };
}

async function stop(child: ChildProcess, exited: Promise<Exit>, graceMs: number): Promise<Exit> {
  // No effect on one that has ended: its pid may belong to another by now.
  child.kill('SIGTERM');
  const bound = setTimeout(() => child.kill('SIGKILL'), graceMs);
  try {
    return await exited;
  } finally {
    clearTimeout(bound);
  }
}

/** How a process ended, for people. */
export function describeExit({ code, signal }: Exit): string {
  return signal === null ? `exit code ${code}` : signal;
}
