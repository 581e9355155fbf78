/** A program that runs until it is told to stop, as `npm start` of a project: what it says, and that nothing of it is left. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { until } from './stack.ts';

interface ProgramOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
}

export class RunningProgram {
  readonly #child: ChildProcess;
  readonly #mark: string;
  #said = '';

  /** @param args the program and its arguments */
  constructor([program = '', ...args]: readonly string[], { cwd, env }: ProgramOptions) {
    // All that it starts inherits this, so that it is found whatever has become of its parent.
    this.#mark = `TEST_PROGRAM=${process.pid}-${Math.random().toString(36).slice(2)}`;
    const [name = '', value] = this.#mark.split('=');
    // A process group of its own, as a terminal gives it.
    const options = { cwd, env: { ...env, [name]: value }, detached: true };
    this.#child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#said += text;
      });
    }
  }

  /** All that it and what it started have said so far. */
  get said(): string {
    return this.#said;
  }

  /** Waits until it says this. @throws Error with what it said instead, also where it ends before */
  async saying(pattern: RegExp, ms = 40_000): Promise<RegExpExecArray> {
    let heard: RegExpExecArray | null = null;
    const listen = () => {
      heard = pattern.exec(this.#said);
      return heard ?? this.#hasEnded;
    };
    await until(`${pattern} is said`, listen, ms).catch(() => null);
    if (heard === null) throw new Error(`${pattern} was not said, but:\n${this.#said}`);
    return heard;
  }

  /** Ends it as Ctrl-C in a terminal does, and waits until all that it started is gone. Resolves with its exit code. */
  async stop(): Promise<number | null> {
    if (this.#child.pid !== undefined && !this.#hasEnded) process.kill(-this.#child.pid, 'SIGINT');
    return this.ended();
  }

  /** Waits for its end. @throws Error where something that it started goes on */
  async ended(): Promise<number | null> {
    await until('the program ends', () => this.#hasEnded, 30_000);
    await until('nothing of it is left', () => this.#leftovers().length === 0);
    return this.#child.exitCode;
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #leftovers(): string[] {
    return readdirSync('/proc').filter((pid) => {
      try {
        return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(this.#mark);
      } catch {
        return false;
      }
    });
  }
}
