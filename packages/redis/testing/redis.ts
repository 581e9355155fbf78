/** For tests: a Redis of one's own, to be stopped, filled and misconfigured; and a logger that remembers. */
import { rmSync } from 'node:fs';
import type { Logger } from '@holdfast/core';
import { type StartedRedis, startRedis } from '@holdfast/local/redis';
import { makeQuickDirectory } from '../../core/testing/quick-directory.ts';
import { until } from '../../core/testing/until.ts';
import { connectRedis } from '../src/connect.ts';
import { connectedReplicas } from '../src/durability.ts';

export { until };

export interface OwnRedis extends StartedRedis {
  /** Keeps it from answering, without closing anything, until `proceed`. */
  freeze(): void;
  proceed(): void;
  /** Ends it, thaws it before if need be, and removes its files. */
  remove(): Promise<void>;
}

export async function startOwnRedis(): Promise<OwnRedis> {
  const dir = makeQuickDirectory('holdfast-own-redis-');
  const redis = await startRedis({ dataDir: dir, env: process.env });
  let gone = false;
  void redis.exited.then(() => {
    gone = true;
  });
  const signal = (name: NodeJS.Signals) => {
    if (!gone) process.kill(redis.pid, name);
  };
  return {
    ...redis,
    freeze: () => signal('SIGSTOP'),
    proceed: () => signal('SIGCONT'),
    async remove() {
      signal('SIGCONT');
      await redis.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Makes `replica` a replica of `master`, and waits until it is in step. */
export async function replicate(master: OwnRedis, replica: OwnRedis): Promise<void> {
  const { logger } = rememberingLogger();
  const [from, to] = [connectRedis(master.url, 'worker', logger), connectRedis(replica.url, 'worker', logger)];
  try {
    await from.config('SET', 'repl-diskless-sync-delay', '0');
    await to.replicaof('127.0.0.1', new URL(master.url).port);
    await until('the replica is in step', async () => (await connectedReplicas(from)) > 0);
  } finally {
    for (const redis of [from, to]) redis.disconnect();
  }
}

/** Makes a replica a master of its own, with what it has. */
export async function promote(replica: OwnRedis): Promise<void> {
  const redis = connectRedis(replica.url, 'worker', rememberingLogger().logger);
  try {
    await redis.replicaof('NO', 'ONE');
  } finally {
    redis.disconnect();
  }
}

export interface LoggedLine {
  level: keyof Logger;
  fields: object;
  message: string;
}

export function rememberingLogger(): { logger: Logger; lines: LoggedLine[] } {
  const lines: LoggedLine[] = [];
  const at = (level: keyof Logger) => (fields: object, message: string) => void lines.push({ level, fields, message });
  return { lines, logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } };
}
