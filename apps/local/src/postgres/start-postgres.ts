/**
 * Starts a PostgreSQL on loopback, with a password, and with its data in a directory of its own:
 *
 *   DATA_DIR/postgres/data       its files
 *   DATA_DIR/postgres/password   of its only user
 *
 * It ends with the process that started it. It refuses to run as root: where root starts it, it runs as the user `postgres`.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../process/ports.ts';
import { claimHome, type ProgramHome } from '../process/program-home.ts';
import { runCommand } from '../process/run-command.ts';
import { describeExit, type Exit, type RunningProcess, runProcess, type SystemUser } from '../process/run-process.ts';
import { type FoundPostgres, findPostgres } from './find-postgres.ts';

export interface StartedPostgres {
  /** With user, password and database. */
  url: string;
  pid: number;
  /** Resolves when it has ended, by `stop` or otherwise. */
  exited: Promise<Exit>;
  /** Ends it and unlocks the data directory. May be called again. */
  stop(): Promise<void>;
}

export interface LaunchOptions {
  found: FoundPostgres;
  home: ProgramHome;
  port: number;
  env: NodeJS.ProcessEnv;
  onLine: (line: string) => void;
}

const USER = 'holdfast';
const INIT_TIMEOUT_MS = 120_000;
const READY_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 10_000;
const PORT_TRIES = 5;
/** When this process is killed, the workers still write as they close. So PostgreSQL ends a little later. */
const LEASH = { delayMs: 1000 };

/** Who PostgreSQL runs as where root starts it; undefined: as whoever starts it. @throws Error where there is no such user */
export function postgresUser(): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? [];
  if (uid === undefined) {
    throw new Error(
      'PostgreSQL refuses to run as root, and this machine has no user "postgres". Make one (`useradd --system postgres`), ' +
        'or start Holdfast as another user than root.',
    );
  }
  return { uid: Number(uid), gid: Number(gid) };
}

/** Makes the files of an empty database, once. An interrupted attempt is begun anew. */
async function makeCluster({ found, home, env }: LaunchOptions, user: SystemUser | undefined): Promise<void> {
  if (existsSync(join(home.dir, 'data'))) return;
  const [unfinished, password] = [join(home.dir, 'data.new'), join(home.dir, 'password')];
  rmSync(unfinished, { recursive: true, force: true });
  writeFileSync(password, randomBytes(18).toString('base64url'), { mode: 0o600 });
  if (user !== undefined) {
    for (const path of [home.dir, password]) chownSync(path, user.uid, user.gid);
    // That user has to get to its own directory. This lets it pass, and read nothing.
    const dataDir = dirname(home.dir);
    chmodSync(dataDir, statSync(dataDir).mode | 0o011);
  }
  const args = ['-D', unfinished, '-U', USER, '-A', 'scram-sha-256', '--pwfile', password, '-E', 'UTF8', '--no-locale'];
  await runCommand(found.initdb, args, { env, timeoutMs: INIT_TIMEOUT_MS, cwd: '/', user }).catch((error: unknown) => {
    const who = user === undefined ? '' : ' PostgreSQL runs as the user "postgres", who must be able to get there.';
    const reason = error instanceof Error ? error.message : String(error);
    const fix = 'Set HOLDFAST_DATA_DIR to another directory.';
    throw new Error(`No database can be made in ${home.dir}.${who} ${fix}\n  ${reason}`, { cause: error });
  });
  renameSync(unfinished, join(home.dir, 'data'));
}

/** Starts PostgreSQL on that port. It may not answer yet: see `awaitPostgres`. */
export async function launchPostgres(options: LaunchOptions): Promise<RunningProcess> {
  const { found, home, port, env, onLine } = options;
  const user = postgresUser();
  await makeCluster(options, user);
  const settings = ['listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories=', 'max_connections=50'];
  const args = ['-D', join(home.dir, 'data'), ...settings.flatMap((setting) => ['-c', setting])];
  const running = await runProcess({ command: found.postgres, args, env, onLine, leash: LEASH, user, cwd: '/' });
  home.remember(running.pid);
  return running;
}

export function postgresUrl(home: ProgramHome, port: number): string {
  const password = readFileSync(join(home.dir, 'password'), 'utf8');
  return `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`;
}

/** Nothing where there is no such file. It isn't asked for before: PostgreSQL may delete an old pid file between the two steps. */
function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** What it says of itself in its pid file: its pid in the first line, its state in the eighth. */
function isReady({ dir }: ProgramHome, pid: number): boolean {
  const lines = readIfThere(join(dir, 'data', 'postmaster.pid')).split('\n');
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}

/**
 * Waits until it accepts connections.
 * @throws Error when it ends before, or is not ready in time
 */
export async function awaitPostgres(home: ProgramHome, running: RunningProcess): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const exit = await Promise.race([running.exited, delay(20, null)]);
    if (exit !== null) throw new Error(`PostgreSQL ended at once (${describeExit(exit)})`);
    if (isReady(home, running.pid)) return;
  }
  await running.stop(STOP_GRACE_MS);
  throw new Error(`PostgreSQL was not ready within ${READY_TIMEOUT_MS / 1000} s`);
}

async function launchOnFreePort(options: Omit<LaunchOptions, 'port' | 'onLine'>) {
  for (let tries = 1; ; tries++) {
    const port = await freePort('127.0.0.1');
    const lines: string[] = [];
    const running = await launchPostgres({ ...options, port, onLine: (line) => lines.push(line) });
    try {
      await awaitPostgres(options.home, running);
      return { port, running };
    } catch (error) {
      // Another process may have taken the port since it was chosen.
      const isTaken = lines.some((line) => /address already in use/i.test(line));
      if (isTaken && tries < PORT_TRIES) continue;
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error([reason, ...lines.slice(-10)].join('\n  '), { cause: error });
    }
  }
}

/**
 * Finds a PostgreSQL on this machine and starts it on a free port of 127.0.0.1, with its data in `dataDir`. Resolves once it
 * answers. It ends with this process, even when that is killed.
 * @throws DataDirInUse, or Error that says what to install, or what PostgreSQL wrote before it ended
 */
export async function startPostgres({
  dataDir,
  env,
}: {
  dataDir: string;
  env: NodeJS.ProcessEnv;
}): Promise<StartedPostgres> {
  const found = await findPostgres(env);
  const home = await claimHome(resolve(dataDir), 'postgres');
  try {
    const { port, running } = await launchOnFreePort({ found, home, env });
    const exited = running.exited.finally(() => home.release());
    return {
      url: postgresUrl(home, port),
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
