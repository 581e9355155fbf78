/** A Redis for one subject, with the settings that Holdfast requires: `appendfsync always`. */
import { mkdirSync } from 'node:fs';
import { startRedis } from '@holdfast/local/redis';
import { Redis } from 'ioredis';

export interface BenchRedis {
  readonly url: string;
  readonly pid: number;
  readonly client: Redis;
  /** How many commands ran so far, including those in scripts. */
  commands(): Promise<number>;
  /** Bytes of its data, without the buffers of connections and of the append-only file. */
  dataBytes(): Promise<number>;
  stop(): Promise<void>;
}

export async function openBenchRedis(dataDir: string, log: (line: string) => void): Promise<BenchRedis> {
  mkdirSync(dataDir, { recursive: true });
  const started = await startRedis({ dataDir, env: process.env, log });
  const client = new Redis(started.url);
  client.on('error', () => undefined);
  // A rewrite of the file would slow down the turn of one subject only.
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
