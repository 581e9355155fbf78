/** An example as a reader of it runs it: `npm start` in its directory, with ports and data of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { Holdfast } from '@holdfast/client';
import { build } from '../../packaging/build.ts';
import { root } from '../../packaging/published.ts';
import { RunningProgram } from '../stack/running-program.ts';
import { freePort } from '../stack/stack.ts';

/** Where the examples are, and what a process there is given. */
export interface Place {
  directory: string;
  env: NodeJS.ProcessEnv;
}

/** The examples as they lie in this repository, which is built first where a source is newer. */
export async function inRepository(): Promise<Place> {
  await build();
  const path = [dirname(process.execPath), process.env.PATH].join(delimiter);
  return { directory: join(root, 'examples'), env: { PATH: path, HOME: process.env.HOME } };
}

export class RunningExample {
  readonly program: RunningProgram;
  /** Where the example's own server is. */
  readonly url: string;
  readonly #dataDir: string;

  private constructor(program: RunningProgram, url: string, dataDir: string) {
    this.program = program;
    this.url = url;
    this.#dataDir = dataDir;
  }

  static async start(name: string, { directory, env }: Place): Promise<RunningExample> {
    const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-example-'));
    const port = String(await freePort());
    const own = { PORT: '0', CONSOLE_PORT: '0', SIMULATOR_PORT: '0', APP_PORT: port, HOLDFAST_DATA_DIR: dataDir };
    const program = new RunningProgram(['npm', 'start'], { cwd: join(directory, name), env: { ...env, ...own } });
    return new RunningExample(program, `http://127.0.0.1:${port}`, dataDir);
  }

  /** The Holdfast that the example runs on, seen past the example. */
  async holdfast(): Promise<Holdfast> {
    const [, baseUrl = ''] = await this.program.saying(/API\s+(http:\S+)/);
    const [, apiKey = ''] = await this.program.saying(/API key\s+(hold_\w+)/);
    return new Holdfast({ baseUrl, apiKey });
  }

  async stop(): Promise<void> {
    await this.program.stop();
    rmSync(this.#dataDir, { recursive: true, force: true });
  }
}

/** Starts an example, does this with it, and ends it, whatever comes of it. */
export async function withExample(
  name: string,
  place: Place,
  act: (example: RunningExample) => Promise<void>,
): Promise<void> {
  const example = await RunningExample.start(name, place);
  try {
    await act(example);
  } finally {
    await example.stop();
  }
}
