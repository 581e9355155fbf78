/**
 * One child process from its start to its end: its lines are passed on, it is stopped within a time limit, and its own
 * children end with it.
 *
 * Each child leads its own process group. So Ctrl-C in a terminal reaches only this process, which stops the children in the
 * right order. The price: the terminal doesn't end the children. The leash does, when this process dies (`leash.ts`).
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
  /** Resolves when it has ended, for any reason; never rejects. */
  readonly exited: Promise<Exit>;
  /** Sends SIGTERM, and SIGKILL after `graceMs`. Resolves when it has ended. */
  stop(graceMs: number): Promise<Exit>;
}

/** The numbers of a user of the system. */
export interface SystemUser {
  uid: number;
  gid: number;
}

export interface ProcessOptions {
  command: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Gets each line of stdout and stderr; null: the process writes to this process's own streams. */
  onLine: ((line: string) => void) | null;
  /** When it is ended after this process was killed. Default: at once. */
  leash?: Partial<LeashTimes>;
  /** Who it runs as, where root starts it. Default: the user of this process. */
  user?: SystemUser | undefined;
  /** Where it works. Default: where this process does. */
  cwd?: string;
}

/** Long enough for the last lines of an ended process. Short, because a grandchild may hold its pipes open. */
const LAST_LINES_MS = 250;

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // No process is left in the group.
  }
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine);
}

/**
 * Starts a process.
 * @throws the error of `spawn`, such as ENOENT: then nothing is running
 */
export async function runProcess({
  command,
  args,
  env,
  onLine,
  leash: times,
  user,
  cwd,
}: ProcessOptions): Promise<RunningProcess> {
  const output = onLine === null ? 'inherit' : 'pipe';
  const child = spawn(command, args, { env, detached: true, stdio: ['ignore', output, output], cwd, ...user });
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      // Its own children end with it, such as the child with which Redis rewrites its file.
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
  if (pid === undefined) throw new Error(`${command} was started, but has no pid`);
  child.on('error', () => {});
  const leash = tie(pid, times);
  child.once('exit', () => leash.release());
  return { pid, exited, stop: (graceMs) => stop(child, exited, graceMs) };
}

async function stop(child: ChildProcess, exited: Promise<Exit>, graceMs: number): Promise<Exit> {
  // `kill` has no effect on an ended child, whose pid may belong to another process by now.
  child.kill('SIGTERM');
  const bound = setTimeout(() => child.kill('SIGKILL'), graceMs);
  try {
    return await exited;
  } finally {
    clearTimeout(bound);
  }
}

/** How a process ended, as a text for people. */
export function describeExit({ code, signal }: Exit): string {
  return signal === null ? `exit code ${code}` : signal;
}
