/**
 * Finds a PostgreSQL, 13 or later, that can be started here: `postgres` and `initdb` on the PATH, then those of the packages of
 * Debian and Fedora, newest first. It starts none. Only for the tests, run by root, it installs one.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findOnPath } from '../find-on-path.ts';
import { runCommand } from '../process/run-command.ts';

export interface FoundPostgres {
  postgres: string;
  initdb: string;
  version: string;
}

const MIN_VERSION = 13;
const INSTALL_TIMEOUT_MS = 300_000;

/** The packages of Debian and Fedora have a directory for each version. @param usr where the system's programs are */
function directoriesOfPackages(usr: string): string[] {
  return [join(usr, 'lib/postgresql'), usr].flatMap((root) => {
    if (!existsSync(root)) return [];
    const versions = readdirSync(root).flatMap((name) => /^(?:pgsql-)?(\d+)$/.exec(name)?.input ?? []);
    const numberOf = (name: string) => Number(name.replace('pgsql-', ''));
    return versions.sort((one, other) => numberOf(other) - numberOf(one)).map((name) => join(root, name, 'bin'));
  });
}

async function versionOf(postgres: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  try {
    const output = await runCommand(postgres, ['--version'], { env, timeoutMs: 10_000 });
    return /\(PostgreSQL\) (\d+[\w.]*)/.exec(output)?.[1] ?? null;
  } catch {
    return null;
  }
}

async function search(env: NodeJS.ProcessEnv, refused: string[], usr = '/usr'): Promise<FoundPostgres | null> {
  for (const directory of [...(env.PATH ?? '').split(':'), ...directoriesOfPackages(usr)]) {
    const [postgres, initdb] = ['postgres', 'initdb'].map((name) => findOnPath(name, directory));
    if (!postgres || !initdb) continue;
    const version = await versionOf(postgres, env);
    if (version !== null && Number.parseInt(version, 10) >= MIN_VERSION) return { postgres, initdb, version };
    refused.push(
      version === null ? `${postgres} does not run` : `${postgres} is ${version}, older than ${MIN_VERSION}`,
    );
  }
  return null;
}

function installCommand(path: string): string {
  if (process.platform === 'darwin') return 'brew install postgresql@17';
  if (findOnPath('apt-get', path)) return 'sudo apt-get install postgresql';
  if (findOnPath('dnf', path)) return 'sudo dnf install postgresql-server';
  if (findOnPath('apk', path)) return 'apk add postgresql';
  return 'your package manager for postgresql';
}

/**
 * @param usr where packages of the system have their programs; only tests set it
 * @throws Error that says what to do
 */
export async function findPostgres(env: NodeJS.ProcessEnv, usr = '/usr'): Promise<FoundPostgres> {
  const refused: string[] = [];
  const found = await search(env, refused, usr);
  if (found !== null) return found;
  throw new Error(
    [
      `The archive needs PostgreSQL, ${MIN_VERSION} or later, and none was found.`,
      ...refused.map((reason) => `  (${reason})`),
      `Run \`${installCommand(env.PATH ?? '')}\`, or set ARCHIVE_URL to one that runs elsewhere.`,
    ].join('\n'),
  );
}

/** Debian's package would make a cluster and start it. */
const CLUSTER_SETTINGS = '/etc/postgresql-common/createcluster.d/holdfast.conf';

async function install(aptGet: string, env: NodeJS.ProcessEnv): Promise<void> {
  mkdirSync(dirname(CLUSTER_SETTINGS), { recursive: true });
  writeFileSync(CLUSTER_SETTINGS, 'create_main_cluster = false\n');
  const options = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }, timeoutMs: INSTALL_TIMEOUT_MS };
  const args = ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120', 'postgresql'];
  try {
    await runCommand(aptGet, args, options);
  } catch {
    // A bare image has no package lists, and old lists name files that no longer exist.
    await runCommand(aptGet, ['update'], options);
    await runCommand(aptGet, args, options);
  }
}

/** For tests: where there is none and root runs them, it is installed by apt-get. @throws Error that says what to do */
export async function findOrInstallPostgres(
  env: NodeJS.ProcessEnv,
  log: (line: string) => void,
): Promise<FoundPostgres> {
  const aptGet = findOnPath('apt-get', env.PATH ?? '');
  if (aptGet === null || process.getuid?.() !== 0 || (await search(env, [])) !== null) return findPostgres(env);
  log('Installing PostgreSQL for the tests of the archive (apt-get install postgresql) …');
  await install(aptGet, env);
  return findPostgres(env);
}
