/** The `holdfast` command as people run it: a process of its own, with the settings that a test gives it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { processEnv } from './stack.ts';

const main = join(import.meta.dirname, '../../apps/cli/src/main.ts');

export interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

interface Started {
  /** What it has printed so far. */
  readonly seen: Run;
  readonly ended: Promise<Run>;
}

export class HoldfastCommand {
  readonly #env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  /** @param more settings for this run. @param input what it reads from stdin */
  start(args: readonly string[], more: NodeJS.ProcessEnv = {}, input = ''): Started {
    const child = spawn(process.execPath, ['--conditions=holdfast-source', main, ...args], {
      env: { ...processEnv, ...this.#env, ...more },
      timeout: 120_000,
    });
    const seen: Run = { code: null, stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        seen[name] += text;
      });
    }
    child.stdin.end(input);
    const ended = new Promise<Run>((resolve) => child.on('close', (code) => resolve(Object.assign(seen, { code }))));
    return { seen, ended };
  }

  /** Runs it to its end. */
  run(...args: string[]): Promise<Run> {
    return this.start(args).ended;
  }

  /** What it prints with `--json`. @throws Error if it ends with another code than 0 */
  async json<Value>(...args: string[]): Promise<Value> {
    const { code, stdout, stderr } = await this.run(...args, '--json');
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as Value;
  }
}
