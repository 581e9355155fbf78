/**
 * A leash ties a process to this one: should this one end without stopping it, by SIGKILL even, the leash does.
 *
 * It is a shell that reads from a pipe which only this process holds open. A line means "let go"; the end of the pipe
 * means that this process is gone: then the leash sends SIGTERM and, where that doesn't help within 10 s, SIGKILL to the
 * process group. The tied process needs to know nothing of it, which is why it works for Redis and for a hung Node alike.
 *
 * It doesn't survive a SIGKILL of its own together with this process's; `claimRedisHome` clears that up at the next start.
 */
import { spawn } from 'node:child_process';

export interface Leash {
  /** Lets go: to be called once the process has ended. */
  release(): void;
}

export interface LeashTimes {
  /** Between the end of this process and the asking, in ms. */
  delayMs: number;
  /** Between asking and killing, in ms. */
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

/** Ties the process `pid`, the leader of its own process group, to this one. */
export function tie(pid: number, times: Partial<LeashTimes> = {}): Leash {
  const { delayMs, graceMs } = { ...DEFAULT_TIMES, ...times };
  const args = [pid, Math.ceil(graceMs / CHECK_MS), delayMs / 1000].map(String);
  // Own session: Ctrl-C in the terminal reaches the whole foreground group, and must not reach the leash.
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'holdfast-leash', ...args], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  let released = false;
  let next: Leash | undefined;
  // A leash that was killed alone is replaced, as long as there is something to hold.
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
