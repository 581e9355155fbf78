/** A Redis of its own for one subject, set as Holdfast asks for it: `appendfsync always`. */
import { mkdirSync } from 'node:fs';
import { startRedis } from '@holdfast/local/redis';
import { Redis } from 'ioredis';

export interface BenchRedis {
  readonly url: string;
  readonly pid: number;
  readonly client: Redis;
  /** Commands so far, those inside of scripts included. */
  commands(): Promise<number>;
  /** Bytes that its data take: without what connections and the file need. */
  dataBytes(): Promise<number>;
  stop(): Promise<void>;
}

export async function openBenchRedis(dataDir: string, log: (line: string) => void): Promise<BenchRedis> {
  mkdirSync(dataDir, { recursive: true });
  const started = await startRedis({ dataDir, env: process.env, log });
  const client = new Redis(started.url);
  client.on('error', () => undefined);
  // A rewrite of the file would hit one subject's turn and not the other's.
  await client.config('SET', 'auto-aof-rewrite-percentage', '0');
  return {
    url: started.url,
    pid: started.pid,
    client,
    commands: async () => {
      const calls = (await client.info('commandstats')).matchAll(/:calls=(\d+),/g);
      return [...calls].reduce((sum, [, count]) => sum + Number(count), 0);
    },
    dataBytes: async () => {
      const info = await client.info('memory');
      const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? Number.NaN);
      return field('used_memory') - field('mem_clients_normal') - field('mem_aof_buffer');
    },
    stop: async () => {
      client.disconnect();
      await started.stop();
    },
  };
}
