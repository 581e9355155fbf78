/**
 * Finds a Redis or Valkey, 7.0 or later, that can be started here. In order:
 *
 * 1. `redis-server`, then `valkey-server`, on the PATH
 * 2. on Debian and Ubuntu: the package, unpacked into a cache directory (`unpack-redis.ts`)
 * 3. Docker, when its engine answers
 * 4. an error that names the command for this platform
 *
 * It starts no Redis, and installs nothing on the machine.
 */
import { findOnPath } from '../find-on-path.ts';
import { runCommand } from '../process/run-command.ts';
import { unpackRedis } from './unpack-redis.ts';

export type FoundRedis =
  /** `libraries`: directories that the program's libraries are in, when they are not the system's. */
  | { kind: 'program'; path: string; version: string; libraries: readonly string[] }
  | { kind: 'docker'; path: string; image: string };

interface SearchOptions {
  env: NodeJS.ProcessEnv;
  /** Where an unpacked package is stored. */
  cacheDir: string;
  log: (line: string) => void;
}

const IMAGE = 'redis:7';
const PROGRAMS = ['redis-server', 'valkey-server'] as const;

/** Older versions have no scripts that may write while memory is short. */
function isRecent(version: string): boolean {
  return Number.parseInt(version, 10) >= 7;
}

/** The version that the program prints; null when it doesn't run here. */
async function versionOf(path: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  try {
    const output = await runCommand(path, ['--version'], { env, timeoutMs: 10_000 });
    return /\bv=(\d+\.\d+[\w.]*)/.exec(output)?.[1] ?? null;
  } catch {
    return null;
  }
}

async function onPath(env: NodeJS.ProcessEnv, refused: string[]): Promise<FoundRedis | null> {
  for (const name of PROGRAMS) {
    const path = findOnPath(name, env.PATH ?? '');
    if (path === null) continue;
    const version = await versionOf(path, env);
    if (version !== null && isRecent(version)) return { kind: 'program', path, version, libraries: [] };
    refused.push(version === null ? `${path} does not run` : `${path} is ${version}, older than 7.0`);
  }
  return null;
}

async function fromPackage({ env, cacheDir, log }: SearchOptions, refused: string[]): Promise<FoundRedis | null> {
  try {
    const unpacked = await unpackRedis({ env, cacheDir, log });
    if (unpacked === null) return null;
    const { path, libraries } = unpacked;
    const version = await versionOf(path, { ...env, LD_LIBRARY_PATH: libraries.join(':') });
    if (version !== null && isRecent(version)) return { kind: 'program', path, version, libraries };
    refused.push(
      version === null
        ? 'the Redis of the package does not run here'
        : `the package has Redis ${version}, older than 7.0`,
    );
  } catch (error) {
    refused.push(error instanceof Error ? error.message : String(error));
  }
  return null;
}

async function inDocker(env: NodeJS.ProcessEnv): Promise<FoundRedis | null> {
  const path = findOnPath('docker', env.PATH ?? '');
  if (path === null) return null;
  try {
    await runCommand(path, ['version', '--format', '{{.Server.Version}}'], { env, timeoutMs: 10_000 });
    return { kind: 'docker', path, image: IMAGE };
  } catch {
    return null;
  }
}

function installCommand(env: NodeJS.ProcessEnv): string {
  if (process.platform === 'darwin') return 'brew install redis';
  const path = env.PATH ?? '';
  if (findOnPath('apt-get', path)) return 'sudo apt-get install redis-server';
  if (findOnPath('dnf', path)) return 'sudo dnf install valkey';
  if (findOnPath('apk', path)) return 'apk add redis';
  if (findOnPath('pacman', path)) return 'sudo pacman -S valkey';
  return 'your package manager for redis or valkey';
}

/**
 * @throws Error that lists what was tried, and says what to do
 */
export async function findRedis(options: SearchOptions): Promise<FoundRedis> {
  const refused: string[] = [];
  const found =
    (await onPath(options.env, refused)) ?? (await fromPackage(options, refused)) ?? (await inDocker(options.env));
  if (found !== null) return found;
  throw new Error(
    [
      'Holdfast needs Redis or Valkey, 7.0 or later, and found none.',
      ...refused.map((reason) => `  (${reason})`),
      `Run \`${installCommand(options.env)}\`, or start Docker, or set REDIS_URL to one that runs elsewhere.`,
    ].join('\n'),
  );
}
