import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { birthOf } from '../../lock.mjs';
import { isAlive, makeDirectory, removeDirectories, until, writeScript } from '../../testing/processes.ts';
import { findRedis } from './find-redis.ts';
import { probeRedis } from './probe-redis.ts';
import { packageCache, type StartedRedis, startRedis } from './start-redis.ts';

const started: StartedRedis[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((redis) => redis.stop()));
  removeDirectories();
});

async function start(dataDir: string): Promise<StartedRedis> {
  const redis = await startRedis({ dataDir, env: process.env });
  started.push(redis);
  return redis;
}

/** Sends one command; resolves with the last line of the answer that isn't empty. */
function send(url: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(`${command}\r\n`));
    socket.on('error', reject);
    socket.once('data', (chunk) => {
      socket.destroy();
      resolve(chunk.toString().trim().split('\r\n').at(-1) ?? '');
    });
  });
}

describe('startRedis', () => {
  it('starts Redis on loopback, and it answers after a write is on disk', async () => {
    const redis = await start(makeDirectory());
    expect(redis.url).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/);
    expect(await probeRedis(redis.url, 1000)).toEqual({ loading: false, pid: redis.pid });
    for (const [setting, value] of [
      ['appendonly', 'yes'],
      ['appendfsync', 'always'],
      ['maxmemory-policy', 'noeviction'],
      ['bind', '127.0.0.1'],
    ]) {
      expect(await send(redis.url, `CONFIG GET ${setting}`)).toBe(value);
    }
    expect(await send(redis.url, 'CONFIG GET save')).toBe('$0');
  });

  it('keeps its data when it is stopped, and when it is killed', async () => {
    const dataDir = makeDirectory();
    const first = await start(dataDir);
    await send(first.url, 'SET one 1');
    await first.stop();
    expect(await first.exited).toEqual({ code: 0, signal: null });
    const second = await start(dataDir);
    await send(second.url, 'SET two 2');
    process.kill(second.pid, 'SIGKILL');
    await second.exited;
    const third = await start(dataDir);
    expect([await send(third.url, 'GET one'), await send(third.url, 'GET two')]).toEqual(['1', '2']);
  });

  it('refuses a directory that is in use, and runs in another one at the same time', async () => {
    const dataDir = makeDirectory();
    const first = await start(dataDir);
    await expect(startRedis({ dataDir, env: process.env })).rejects.toThrow(
      `in use by another Holdfast (pid ${process.pid})`,
    );
    const other = await start(makeDirectory());
    expect(other.url).not.toBe(first.url);
    await first.stop();
    await start(dataDir);
  });

  it('ends with the process that started it, even when that is killed', async () => {
    const directory = makeDirectory();
    const script = writeScript(
      join(directory, 'starter.mjs'),
      `import { startRedis } from ${JSON.stringify(join(import.meta.dirname, 'start-redis.ts'))};
       const { pid } = await startRedis({ dataDir: ${JSON.stringify(join(directory, 'data'))}, env: process.env }); console.log(pid);`,
    );
    const starter = spawn(process.execPath, ['--conditions=holdfast-source', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    starter.stdout.on('data', (chunk) => {
      said += chunk;
    });
    const pid = Number(await until('it runs', () => said.trim()));
    starter.kill('SIGKILL');
    await until('Redis has ended', () => !isAlive(pid));
    await start(join(directory, 'data'));
  });

  it('ends a Redis that a dead process has left in the directory, before it starts another there', async () => {
    const dataDir = makeDirectory();
    const found = await findRedis({ env: process.env, cacheDir: packageCache, log: () => undefined });
    if (found.kind !== 'program') throw new Error('a program of this machine is needed');
    const orphan = spawn(found.path, ['--port', '0', '--unixsocket', join(dataDir, 'socket'), '--save', ''], {
      env: { ...process.env, LD_LIBRARY_PATH: found.libraries.join(':') },
    });
    const { pid = 0 } = orphan;
    try {
      await until('the orphan runs', () => orphan.stdout.readableLength > 0);
      writeFileSync(join(dataDir, 'redis.pid'), JSON.stringify({ pid, born: birthOf(pid) }));
      await start(dataDir);
      expect(isAlive(pid)).toBe(false);
    } finally {
      orphan.kill('SIGKILL');
    }
  });

  it('shows the output of a Redis that does not start', async () => {
    const dataDir = makeDirectory();
    const first = await start(dataDir);
    await send(first.url, 'SET one 1');
    await first.stop();
    const files = join(dataDir, 'redis/appendonlydir');
    writeFileSync(join(files, 'appendonly.aof.manifest'), 'damaged');
    await expect(startRedis({ dataDir, env: process.env })).rejects.toThrow(
      /Redis ended at once \(exit code 1\)[\s\S]*manifest/,
    );
    rmSync(files, { recursive: true });
    await start(dataDir);
  });
});
