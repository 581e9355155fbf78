/**
 * A leash ends a child process when this process ends without stopping it, even by SIGKILL.
 *
 * It is a shell that reads from a pipe which only this process holds open. A line means "the child has ended". The end of the
 * pipe means that this process is gone. Then the leash sends SIGTERM to the child, and SIGKILL to its process group 10 s later.
 * The child needs no code for it, so it works for Redis and for a hung Node.
 *
 * When this process and the leash are killed together, the child survives; `claimHome` ends it at the next start.
 */
import { spawn } from 'node:child_process';

export interface Leash {
  /** Ends the leash. Call it once the child has ended. */
  release(): void;
}

export interface LeashTimes {
  /** From the end of this process to SIGTERM, in ms. */
  delayMs: number;
  /** From SIGTERM to SIGKILL, in ms. */
  graceMs: number;
}

const DEFAULT_TIMES: LeashTimes = { delayMs: 0, graceMs: 10_000 };
const CHECK_MS = 200;

const SCRIPT = `trap '' INT TERM HUP
read -r _ && exit 0
sleep "$3"
kill -s TERM "$1" 2>/dev/null || exit 0
tries=0
while [ $tries -lt "$2" ]; do
  kill -0 "$1" 2>/dev/null || exit 0
  sleep ${CHECK_MS / 1000}
  tries=$((tries + 1))
done
kill -s KILL -- "-$1" 2>/dev/null`;

/** Starts a leash for the process `pid`, which leads its own process group. */
export function tie(pid: number, times: Partial<LeashTimes> = {}): Leash {
  const { delayMs, graceMs } = { ...DEFAULT_TIMES, ...times };
  const args = [pid, Math.ceil(graceMs / CHECK_MS), delayMs / 1000].map(String);
  // In its own session: Ctrl-C in the terminal goes to the whole foreground group, and must not end the leash.
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'holdfast-leash', ...args], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  let released = false;
  let next: Leash | undefined;
  // A leash that is killed alone is replaced, until the child has ended.
  shell.on('exit', () => {
    if (!released) next = tie(pid, times);
  });
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  return {
    release() {
      released = true;
      next?.release();
      shell.stdin.end('\n');
    },
  };
}
