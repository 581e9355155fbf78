/**
 * A lock file: one process at a time, and a dead one's lock is taken over. Plain JavaScript, because `prepare.mjs` uses
 * it before anything is installed or built.
 *
 * 1. The file is written in full beside the lock and linked to its name, so nobody ever reads half of it.
 * 2. Where the name is taken: a holder that lives keeps it. A pid alone proves nothing (pids are used again), so the
 *    file also says when the holder started.
 * 3. A dead holder's file is moved aside, not deleted: of two that find it only one can move it.
 *
 * It doesn't hold across machines, nor across containers that share a directory.
 */
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** When the process `pid` started, as a text that no later process with that pid has; null when none is running. */
export function birthOf(pid) {
  try {
    if (process.platform !== 'linux') {
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
    }
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in brackets, may hold anything; the fields after it don't.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    if (state === 'Z' || state === 'X') return null;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${fields[19]}`;
  } catch {
    return null;
  }
}

/** Whether the very process that `holder` describes is still running. */
export function isRunning(holder) {
  // Without a birth it had ended before it could be asked for: that equals "not running", and must not count as alike.
  if (holder === null || typeof holder.born !== 'string' || !Number.isInteger(holder.pid)) return false;
  return birthOf(holder.pid) === holder.born;
}

function readHolder(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

function claim(path, text) {
  const mine = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(mine, text, { mode: 0o600 });
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
}

function moveAside(path, stale) {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  // Between our reading and our moving another may have taken over: then this is its lock, and it goes back.
  const moved = readHolder(aside);
  if (isRunning(moved) && moved.born !== stale?.born) {
    try {
      linkSync(aside, path);
    } catch {
      // A third has taken the name meanwhile.
    }
  }
  rmSync(aside, { force: true });
}

/**
 * Takes the lock at `path`, without waiting; directories on the way are made.
 * @returns {{ release(): void } | { heldBy: number }} `heldBy`: pid of the process that has it (this one included)
 */
export function tryLock(path) {
  mkdirSync(dirname(path), { recursive: true });
  const text = JSON.stringify({ pid: process.pid, born: birthOf(process.pid) });
  for (let tries = 0; tries < 5; tries++) {
    if (claim(path, text)) return { release: () => rmSync(path, { force: true }) };
    const holder = readHolder(path);
    if (isRunning(holder)) return { heldBy: holder.pid };
    moveAside(path, holder);
  }
  throw new Error(`The lock ${path} can't be taken: remove the file if nothing of Holdfast is running.`);
}
