/** A Redis of a test's own, set to lose nothing, that can be killed and comes back on its port with its data. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimHome } from '../../apps/local/src/process/program-home.ts';
import { findRedis } from '../../apps/local/src/redis/find-redis.ts';
import { awaitRedis, launchRedis, packageCache } from '../../apps/local/src/redis/start-redis.ts';
import { freePort } from './stack.ts';

export interface RestartableRedis {
  readonly url: string;
  /** Stops or wakes it, with its connections open. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Ends it without a chance to write anything. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Resolves when it has ended, by `kill` or by itself. */
  exited(): Promise<void>;
  /** Starts it again. Resolves when it answers. */
  start(): Promise<void>;
  /** Ends it and deletes its data. */
  close(): Promise<void>;
}

/** @param dataDir default: a directory of its own. Deleted in the end. */
export async function startRestartableRedis(
  dataDir = mkdtempSync(join(tmpdir(), 'holdfast-redis-')),
): Promise<RestartableRedis> {
  const found = await findRedis({ env: process.env, cacheDir: packageCache, log: () => undefined });
  if (found.kind === 'docker') throw new Error('these tests send signals to Redis: they need it on this machine');
  const home = await claimHome(dataDir, 'redis');
  const port = await freePort();
  const launch = async () => {
    const process_ = await launchRedis({ found, home, port, env: process.env, onLine: () => undefined });
    await awaitRedis(found, port, process_);
    return process_;
  };
  let running = await launch();
  return {
    url: `redis://127.0.0.1:${port}`,
    signal: (signal) => void process.kill(running.pid, signal),
    async kill() {
      process.kill(running.pid, 'SIGKILL');
      await running.exited;
    },
    async exited() {
      await running.exited;
    },
    async start() {
      running = await launch();
    },
    async close() {
      await running.stop(5_000);
      home.release();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
