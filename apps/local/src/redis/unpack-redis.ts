/**
 * Unpacks Redis (or Valkey) from the distribution's package on Debian and Ubuntu, without root and without installing it:
 * no service is started, and the system doesn't change. About 7 MB, once.
 *
 * 1. ask apt which packages it needs that are missing
 * 2. download them, checked by apt against the distribution's signatures
 * 3. unpack them into another directory, and rename it: the final directory is always complete
 */
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findOnPath } from '../find-on-path.ts';
import { runCommand } from '../process/run-command.ts';

interface UnpackOptions {
  env: NodeJS.ProcessEnv;
  cacheDir: string;
  log: (line: string) => void;
}

interface Unpacked {
  path: string;
  libraries: string[];
}

interface Apt {
  /** Options before the command, which make apt use separate package lists. */
  lists: readonly string[];
  env: NodeJS.ProcessEnv;
}

const PACKAGES = [
  ['redis-server', 'redis-tools'],
  ['valkey-server', 'valkey-tools'],
] as const;
const DOWNLOAD_TIMEOUT_MS = 180_000;

async function librariesIn(root: string): Promise<string[]> {
  const places = [join(root, 'usr', 'lib'), join(root, 'lib')];
  const found = await Promise.all(
    places.map(async (place) => {
      const entries = await readdir(place, { withFileTypes: true }).catch(() => []);
      return entries.filter((entry) => entry.isDirectory()).map((entry) => join(place, entry.name));
    }),
  );
  return found.flat();
}

async function programIn(root: string): Promise<Unpacked | null> {
  const bin = join(root, 'usr', 'bin');
  const path = findOnPath('redis-server', bin) ?? findOnPath('valkey-server', bin);
  return path === null ? null : { path, libraries: await librariesIn(root) };
}

/** Downloads Redis, or Valkey where the distribution has no Redis, and the packages that it needs and this machine lacks. */
async function download(into: string, { lists, env }: Apt): Promise<void> {
  let reason: unknown;
  for (const [server, tools] of PACKAGES) {
    try {
      const plan = await runCommand('apt-get', [...lists, '-s', 'install', '--no-install-recommends', server], {
        env,
        timeoutMs: DOWNLOAD_TIMEOUT_MS,
      });
      const missing = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name = '']) => name);
      const names = [...new Set([server, tools, ...missing])];
      await runCommand('apt-get', [...lists, 'download', ...names], { env, timeoutMs: DOWNLOAD_TIMEOUT_MS, cwd: into });
      return;
    } catch (error) {
      reason ??= error;
    }
  }
  throw reason;
}

/** Makes separate package lists. The system's may be missing (bare images) or old, and only root may update them. */
async function ownLists(work: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const state = join(work, 'apt');
  await Promise.all(
    ['lists/partial', 'archives/partial'].map((place) => mkdir(join(state, place), { recursive: true })),
  );
  const lists = ['-o', `Dir::State::Lists=${state}/lists`, '-o', `Dir::Cache=${state}`];
  await runCommand('apt-get', [...lists, 'update'], { env, timeoutMs: DOWNLOAD_TIMEOUT_MS });
  return lists;
}

async function unpackAll(from: string, into: string, env: NodeJS.ProcessEnv): Promise<void> {
  const files = (await readdir(from)).filter((file) => file.endsWith('.deb'));
  for (const file of files) {
    await runCommand('dpkg-deb', ['-x', join(from, file), into], { env, timeoutMs: 60_000 });
  }
}

/**
 * The program in `cacheDir`; it is unpacked there if it isn't yet. Null where there is no apt.
 * @throws Error when the packages can't be downloaded or unpacked
 */
export async function unpackRedis({ env, cacheDir, log }: UnpackOptions): Promise<Unpacked | null> {
  const home = join(cacheDir, 'redis');
  const there = await programIn(home);
  if (there !== null) return there;
  if (!['apt-get', 'dpkg-deb'].every((name) => findOnPath(name, env.PATH ?? ''))) return null;
  log('No Redis on this machine. Unpacking the package of its distribution (about 7 MB) …');
  await mkdir(cacheDir, { recursive: true });
  const work = await mkdtemp(join(cacheDir, 'unpacking-'));
  try {
    const packages = join(work, 'packages');
    const root = join(work, 'root');
    await Promise.all([mkdir(packages), mkdir(root)]);
    try {
      await download(packages, { lists: [], env });
    } catch {
      await download(packages, { lists: await ownLists(work, env), env });
    }
    await unpackAll(packages, root, env);
    // Another process may have been faster: its directory has the same content.
    await rename(root, home).catch(() => {});
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return programIn(home);
}
