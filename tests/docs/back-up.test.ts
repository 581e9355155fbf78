/** The commands of docs/operate/back-up.md, as they stand there: what they copy from one Redis is there in another. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { connectRedis, disconnectRedis, type Redis } from '@holdfast/redis';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findRedis } from '../../apps/local/src/redis/find-redis.ts';
import { packageCache } from '../../apps/local/src/redis/start-redis.ts';
import { type RestartableRedis, startRestartableRedis } from '../stack/restartable-redis.ts';
import { freePort, until } from '../stack/stack.ts';
import { readPage } from './pages.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const [copyAppendOnlyFile, takeSnapshot, restoreSnapshot] = readPage('docs/operate/back-up.md').blocks.map(
  ({ code }) => code,
);

let dir: string;
let source: RestartableRedis;
let sourceDir: string;
let env: NodeJS.ProcessEnv;
let programs: { server: string; cli: string };

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-back-up-'));
  const found = await findRedis({ env: process.env, cacheDir: packageCache, log: () => undefined });
  const libraries = found.kind === 'program' ? found.libraries.join(':') : '';
  env = { PATH: process.env.PATH, ...(libraries ? { LD_LIBRARY_PATH: libraries } : {}) };
  const cli = ['redis-cli', 'valkey-cli'].map((name) => join(dirname(found.path), name)).find(existsSync);
  programs = { server: found.path, cli: cli ?? 'redis-cli' };
  source = await startRestartableRedis();
  await withRedis(source.url, async (redis) => {
    sourceDir = ((await redis.call('CONFIG', 'GET', 'dir')) as string[])[1] ?? '';
    // Else it waits 5 s for more who want a snapshot.
    await redis.call('CONFIG', 'SET', 'repl-diskless-sync-delay', '0');
    await redis.set('hf:job', 'here');
  });
});
afterAll(async () => {
  await source?.close();
  rmSync(dir, { recursive: true, force: true });
});

async function withRedis<Result>(url: string, work: (redis: Redis) => Promise<Result>): Promise<Result> {
  const redis = connectRedis(url, 'worker', silent);
  try {
    return await work(redis);
  } finally {
    await disconnectRedis(redis);
  }
}

/** Runs a block of the page, on the Redis at `port` with its files in `redisDir`. @throws Error with what it printed */
async function run(code = '', { port, redisDir }: { port: string; redisDir: string }): Promise<string> {
  const own = code
    .replaceAll('-h redis.internal ', '')
    .replaceAll('/var/lib/redis', redisDir)
    .replaceAll('redis-cli ', `'${programs.cli}' -p ${port} `)
    .replaceAll('redis-server ', `'${programs.server}' --bind 127.0.0.1 --port ${port} `);
  const child = spawn('bash', ['-c', `set -eu; exec 2>&1\n${own}`], {
    cwd: dir,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const exitCode = await new Promise((resolve) => child.on('close', resolve));
  if (exitCode !== 0) throw new Error(`ended with ${exitCode}: ${output}`);
  return output;
}

const shell = (code: string) => run(code, { port: '', redisDir: '' });

describe('docs/operate/back-up.md', () => {
  it('copies the append-only file, from which another Redis starts', async () => {
    const output = await run(copyAppendOnlyFile, { port: new URL(source.url).port, redisDir: sourceDir });
    expect(output).toContain('aof_rewrite_in_progress:0');
    const restored = join(dir, 'restored');
    mkdirSync(join(restored, 'redis'), { recursive: true });
    await shell(`tar -C '${restored}/redis' -xzf holdfast-*.tar.gz`);
    const other = await startRestartableRedis(restored);
    try {
      expect(await withRedis(other.url, (redis) => redis.get('hf:job'))).toBe('here');
    } finally {
      await other.close();
    }
  });

  it('takes a snapshot, from which another Redis starts, and keeps an append-only file from then on', async () => {
    await run(takeSnapshot, { port: new URL(source.url).port, redisDir: sourceDir });
    const redisDir = join(dir, 'from-snapshot');
    mkdirSync(redisDir);
    renameSync(join(dir, 'holdfast.rdb'), join(redisDir, 'holdfast.rdb'));
    const port = String(await freePort());
    const [start = '', ...commands] = (restoreSnapshot ?? '').split('\n');
    await run(start, { port, redisDir });
    const url = `redis://127.0.0.1:${port}`;
    try {
      await withRedis(url, async (redis) => {
        await until('the restored Redis answers', () => redis.get('hf:job'));
        expect(await redis.get('hf:job')).toBe('here');
        expect(await run(commands.join('\n'), { port, redisDir })).toContain('aof_enabled:1');
        await until('the first rewrite is done', async () =>
          /aof_rewrite_in_progress:0/.test(await redis.info('persistence')),
        );
        expect(existsSync(join(redisDir, 'appendonlydir'))).toBe(true);
      });
    } finally {
      await run('redis-cli SHUTDOWN NOSAVE', { port, redisDir });
    }
  });
});
