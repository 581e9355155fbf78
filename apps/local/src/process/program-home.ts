/**
 * The data directory of one program, such as Redis. Two servers that write the same files destroy them, so:
 *
 * 1. the directory is locked as long as this process uses it, also while the program doesn't run
 * 2. a program that still runs there although the process that started it is dead (killed together with its leash) is ended
 *
 *   DATA_DIR/redis.lock   the process that uses it
 *   DATA_DIR/redis.pid    the Redis last started there
 *   DATA_DIR/redis/       Redis's own files
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { birthOf, type Holder, isRunning, tryLock } from '../../lock.mjs';

export interface ProgramHome {
  /** The directory of the program's files. */
  readonly dir: string;
  /** Stores which process writes there, for the next start after a crash. */
  remember(pid: number): void;
  /** Unlocks the directory. Call it only once its program has ended. */
  release(): void;
}

/** The data directory belongs to another running Holdfast. */
export class DataDirInUse extends Error {
  override readonly name = 'DataDirInUse';
  readonly heldBy: number;

  constructor(dataDir: string, heldBy: number) {
    super(
      `The data directory ${dataDir} is in use by another Holdfast (pid ${heldBy}). ` +
        'Stop that one, or set HOLDFAST_DATA_DIR to another directory for this one.',
    );
    this.heldBy = heldBy;
  }
}

const ORPHAN_GRACE_MS = 10_000;

function readPid(file: string): Holder | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

async function endOrphan(file: string): Promise<void> {
  const orphan = readPid(file);
  if (orphan === null) return;
  const deadline = Date.now() + ORPHAN_GRACE_MS;
  for (let asked = false; isRunning(orphan); asked = true) {
    try {
      if (!asked) process.kill(orphan.pid, 'SIGTERM');
      else if (Date.now() > deadline) process.kill(orphan.pid, 'SIGKILL');
    } catch (error) {
      // It ended between the check and the signal.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    await delay(20);
  }
}

/**
 * Locks the directory of `program` in `dataDir` for this process, and ends a program that a dead process has left there.
 * @throws DataDirInUse
 */
export async function claimHome(dataDir: string, program: 'redis' | 'postgres'): Promise<ProgramHome> {
  const dir = join(dataDir, program);
  const pidFile = join(dataDir, `${program}.pid`);
  const lock = tryLock(join(dataDir, `${program}.lock`));
  if ('heldBy' in lock) throw new DataDirInUse(dataDir, lock.heldBy);
  try {
    await endOrphan(pidFile);
    await mkdir(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    lock.release();
    throw error;
  }
  return {
    dir,
    remember: (pid) => writeFileSync(pidFile, JSON.stringify({ pid, born: birthOf(pid) } satisfies Holder)),
    release: () => lock.release(),
  };
}
