/**
 * A Redis whose data lie on a small disk. As a `RestartableRedis`, it ends when the disk is full.
 *
 *   kill   the disk is filled; Redis can't write to its file, and with `appendfsync always` it ends then
 *   start  the disk has space again, and Redis is started
 *
 * The disk is a tmpfs. Mounting one needs Linux and root.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RestartableRedis, startRestartableRedis } from '../../stack/restartable-redis.ts';

const DISK_MB = 128;
const PIECE = Buffer.alloc(1_048_576);

interface SmallDisk {
  dir: string;
  /** Fills it to the last byte. */
  fill(): void;
  free(): void;
  unmount(): void;
}

function mountSmallDisk(): SmallDisk {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', dir], { stdio: 'pipe' });
  } catch (error) {
    rmdirSync(dir);
    throw error;
  }
  const filler = join(dir, 'filler');
  return {
    dir,
    fill() {
      const file = openSync(filler, 'w');
      try {
        // A full disk stores what fits. The next write throws.
        for (;;) writeSync(file, PIECE);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(filler, { force: true }),
    unmount() {
      execFileSync('umount', [dir]);
      rmdirSync(dir);
    },
  };
}

/** Why no small disk can be mounted here; null where it can. */
export function whyNoSmallDisk(): string | null {
  try {
    mountSmallDisk().unmount();
    return null;
  } catch (error) {
    return `no tmpfs can be mounted here (${error instanceof Error ? error.message.split('\n')[0] : error})`;
  }
}

export async function startRedisOnSmallDisk(): Promise<RestartableRedis> {
  const disk = mountSmallDisk();
  try {
    const dataDir = join(disk.dir, 'data');
    mkdirSync(dataDir);
    const redis = await startRestartableRedis(dataDir);
    return {
      ...redis,
      async kill() {
        disk.fill();
        await redis.exited();
      },
      async start() {
        disk.free();
        await redis.start();
      },
      async close() {
        try {
          await redis.close();
        } finally {
          disk.unmount();
        }
      },
    };
  } catch (error) {
    disk.unmount();
    throw error;
  }
}
