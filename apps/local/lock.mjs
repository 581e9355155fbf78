/**
 * A lock file: one process has it at a time, and the lock of a dead process is taken over. Plain JavaScript, because
 * `prepare.mjs` uses it before anything is installed or built.
 *
 * 1. The file is written under another name and then linked to the lock's name, so no process reads half a file.
 * 2. Where the name is taken, a running holder keeps the lock. A pid alone proves nothing, because pids are used again.
 *    So the file also says when the holder started.
 * 3. A dead holder's file is renamed, not deleted: of two processes that find it, only one can rename it.
 *
 * The lock works neither across machines nor across containers that share a directory.
 */
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** When the process `pid` started, as a text that differs for any later process with the same pid; null when none is running. */
export function birthOf(pid) {
  try {
    if (process.platform !== 'linux') {
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
    }
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in brackets, may contain spaces and brackets; the fields after it don't.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    if (state === 'Z' || state === 'X') return null;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${fields[19]}`;
  } catch {
    return null;
  }
}

/** Whether the process that `holder` describes is still running, and not another with the same pid. */
export function isRunning(holder) {
  // No birth: the process had ended before its birth was read. `birthOf` may be null too, and two nulls must not match.
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
  // Another process may have taken the lock between our read and our rename. Then this is its lock, and it goes back.
  const moved = readHolder(aside);
  if (isRunning(moved) && moved.born !== stale?.born) {
    try {
      linkSync(aside, path);
    } catch {
      // A third process has taken the lock meanwhile.
    }
  }
  rmSync(aside, { force: true });
}

/**
 * Takes the lock at `path`, without waiting. Creates missing directories.
 * @returns {{ release(): void } | { heldBy: number }} `heldBy`: pid of the process that has it, which may be this one
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
  throw new Error(`The lock ${path} can't be taken. If no Holdfast is running, remove the file.`);
}
