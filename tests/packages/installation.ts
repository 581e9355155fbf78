/**
 * The three packages as a user has them: packed, and installed from their tarballs into an empty directory outside of the
 * repository. What runs there is what was installed: nothing of the repository but its Node.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../packaging/published.ts';
import { packInto } from './packed.ts';

const execute = promisify(execFile);
const INSTALL_TIMEOUT_MS = 170_000;
/** How this machine reaches a registry. Not all of npm's settings: some would make it install into the repository. */
const REACH =
  /^(?:https?_proxy|no_proxy|node_extra_ca_certs|npm_config_(?:registry|cache|cafile|proxy|https_proxy|userconfig))$/i;

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

export class Installation {
  /** Has the packages in its node_modules, and so have the directories in it. */
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** @param others further packages of a registry, `name@version` @throws Error that says what npm said */
  static async create(others: readonly string[] = []): Promise<Installation> {
    const directory = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-installed-')));
    const installation = new Installation(directory);
    try {
      const tarballs = await packInto(join(directory, 'tarballs'));
      writeFileSync(join(directory, 'package.json'), '{ "private": true, "type": "module" }\n');
      await installation.#install([...tarballs.values(), ...others]);
      return installation;
    } catch (error) {
      installation.remove();
      throw error;
    }
  }

  async #install(wanted: readonly string[]): Promise<void> {
    const args = ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    const reach = Object.fromEntries(Object.entries(process.env).filter(([name]) => REACH.test(name)));
    const { code, stderr } = await this.run('npm', [...args, ...wanted], this.directory, reach);
    if (code === 0) return;
    throw new Error(
      `The packages can't be installed here; npm needs its cache or a registry for what they need:\n${stderr}`,
    );
  }

  /** What a process is given there: our Node first on the PATH, and none of our settings. */
  get env(): NodeJS.ProcessEnv {
    const path = [dirname(process.execPath), ...(process.env.PATH ?? '').split(delimiter)];
    const outside = path.filter((place) => !place.startsWith(join(root, 'node_modules/.bin')));
    return { PATH: outside.join(delimiter), HOME: process.env.HOME, LOG_LEVEL: 'warn' };
  }

  /** Runs a program to its end. Never rejects: its exit code tells. */
  async run(program: string, args: readonly string[], cwd = this.directory, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
    const options = { cwd, env: { ...this.env, ...env }, timeout: INSTALL_TIMEOUT_MS };
    return execute(program, args, options).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr, message }) => ({
        code: Number(code) || 1,
        stdout: stdout ?? '',
        stderr: stderr || message,
      }),
    );
  }

  /** A directory in it, where a Redis that was unpacked for the repository is found. */
  makeDirectory(name: string): string {
    const directory = join(this.directory, name);
    mkdirSync(join(directory, '.holdfast'), { recursive: true });
    const cache = join(root, '.holdfast/cache');
    if (existsSync(cache)) symlinkSync(cache, join(directory, '.holdfast/cache'));
    return directory;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
