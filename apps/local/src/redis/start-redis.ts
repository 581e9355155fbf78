/**
 * Starts a Redis that loses nothing that it has answered: every write is on disk before its answer (`appendfsync always`),
 * and when memory runs out it refuses writes instead of dropping keys (`noeviction`).
 *
 * It listens on loopback, and ends with the process that started it. Its data stay on disk.
 */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../process/ports.ts';
import { claimHome, type ProgramHome } from '../process/program-home.ts';
import { describeExit, type Exit, type RunningProcess, runProcess } from '../process/run-process.ts';
import { type FoundRedis, findRedis } from './find-redis.ts';
import { probeRedis } from './probe-redis.ts';

export interface StartedRedis {
  url: string;
  pid: number;
  /** Resolves when it has ended, by `stop` or otherwise. */
  exited: Promise<Exit>;
  /** Ends it and unlocks the data directory. May be called again. */
  stop(): Promise<void>;
}

interface LaunchOptions {
  found: FoundRedis;
  home: ProgramHome;
  port: number;
  env: NodeJS.ProcessEnv;
  onLine: (line: string) => void;
}

/**
 * Unpacked packages are stored in the working directory, not in the data directory, so that tests with other data directories
 * find them. Not in Holdfast's own package, because an installed Holdfast may not write there.
 */
export const packageCache = resolve('.holdfast/cache');

const STOP_GRACE_MS = 10_000;
const PORT_TRIES = 5;
/** When this process is killed, the services still write to Redis as they close. So Redis ends a little later. */
const LEASH = { delayMs: 1000 };
const READY_TIMEOUT_MS = { program: 30_000, docker: 300_000 };

const DURABLE = [
  ['--appendonly', 'yes'],
  ['--appendfsync', 'always'],
  ['--maxmemory-policy', 'noeviction'],
  ['--save', ''],
  // A crash may cut off the file's last entry. That entry was not acknowledged.
  ['--aof-load-truncated', 'yes'],
  ['--daemonize', 'no'],
].flat();

function dockerName(dir: string): string {
  return `holdfast-redis-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`;
}

/** Starts Redis on that port. It may not answer yet: see `awaitRedis`. */
export async function launchRedis({ found, home, port, env, onLine }: LaunchOptions): Promise<RunningProcess> {
  let running: RunningProcess;
  if (found.kind === 'program') {
    const args = ['--bind', '127.0.0.1', '--port', String(port), '--dir', home.dir, ...DURABLE];
    const libraries = found.libraries.length > 0 ? { LD_LIBRARY_PATH: found.libraries.join(':') } : {};
    running = await runProcess({ command: found.path, args, env: { ...env, ...libraries }, onLine, leash: LEASH });
  } else {
    const name = dockerName(home.dir);
    const clear = await runProcess({ command: found.path, args: ['rm', '-f', name], env, onLine: () => {} });
    await clear.exited;
    // The Docker client passes SIGTERM on, so it is stopped like the program itself. Files belong to the user of this process.
    const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
    const outside = ['--rm', '--name', name, '--user', user, '-p', `127.0.0.1:${port}:6379`, '-v', `${home.dir}:/data`];
    const inside = ['redis-server', '--bind', '0.0.0.0', '--protected-mode', 'no', '--dir', '/data', ...DURABLE];
    running = await runProcess({
      command: found.path,
      args: ['run', ...outside, found.image, ...inside],
      env,
      onLine,
      leash: LEASH,
    });
  }
  home.remember(running.pid);
  return running;
}

/**
 * Waits until it answers commands. While it reads its file, it may take any time.
 * @throws Error when it ends before, or gives no answer in time
 */
export async function awaitRedis(found: FoundRedis, port: number, running: RunningProcess): Promise<void> {
  const ended = running.exited.then((exit) => exit);
  let deadline = Date.now() + READY_TIMEOUT_MS[found.kind];
  while (Date.now() < deadline) {
    const exit = await Promise.race([ended, delay(20, null)]);
    if (exit !== null) throw new Error(`Redis ended at once (${describeExit(exit)})`);
    const answer = await probeRedis(`redis://127.0.0.1:${port}`, 2000).catch(() => null);
    // Another Redis may have taken the port first, so the pid is compared; pids inside a container differ.
    const isOurs = answer !== null && (found.kind === 'docker' || answer.pid === running.pid);
    if (isOurs && !answer.loading) return;
    if (isOurs) deadline = Date.now() + READY_TIMEOUT_MS[found.kind];
  }
  await running.stop(STOP_GRACE_MS);
  throw new Error(`Redis did not answer on port ${port} in time`);
}

interface StartOptions {
  /** The directory of its data. One Redis at a time may use it. */
  dataDir: string;
  /** Called with a line when something takes long. */
  log?: (line: string) => void;
  /** The environment of Redis; its PATH is searched for it. */
  env: NodeJS.ProcessEnv;
}

async function launchOnFreePort(found: FoundRedis, home: ProgramHome, env: NodeJS.ProcessEnv) {
  for (let tries = 1; ; tries++) {
    const port = await freePort('127.0.0.1');
    const lines: string[] = [];
    const running = await launchRedis({ found, home, port, env, onLine: (line) => lines.push(line) });
    try {
      await awaitRedis(found, port, running);
      return { port, running };
    } catch (error) {
      // Another process may have taken the port since it was chosen.
      const taken = lines.some((line) => /address already in use|port is already allocated/i.test(line));
      if (!taken || tries === PORT_TRIES) {
        throw new Error([error instanceof Error ? error.message : error, ...lines.slice(-10)].join('\n  '), {
          cause: error,
        });
      }
    }
  }
}

/**
 * Finds a Redis on this machine (see `find-redis.ts`) and starts it on a free port of 127.0.0.1, with its data in
 * `dataDir`. Resolves once it answers. It ends with this process, even when that is killed.
 * @throws DataDirInUse, or Error that says what to install, or what Redis wrote before it ended
 */
export async function startRedis({ dataDir, env, log = () => {} }: StartOptions): Promise<StartedRedis> {
  const found = await findRedis({ env, cacheDir: packageCache, log });
  const home = await claimHome(resolve(dataDir), 'redis');
  try {
    const { port, running } = await launchOnFreePort(found, home, env);
    const exited = running.exited.finally(() => home.release());
    return {
      url: `redis://127.0.0.1:${port}`,
      pid: running.pid,
      exited,
      async stop() {
        await running.stop(STOP_GRACE_MS);
        await exited;
      },
    };
  } catch (error) {
    home.release();
    throw error;
  }
}
