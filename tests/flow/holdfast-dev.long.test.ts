/** `holdfast dev` in a user's directory, as a real process: what is saved runs, what is broken doesn't, what runs goes on. */
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Holdfast } from '@holdfast/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { apiKey, freePort, processEnv, until } from '../stack/stack.ts';
import { greetModule, TaskFolder } from '../stack/task-folder.ts';

const root = join(import.meta.dirname, '../..');
const folder = new TaskFolder();
let dev: ChildProcess;
let output = '';
let client: Holdfast;
let simulatorUrl: string;

/** A task that asks the model for a long text, which its `run` was given by `greetModule`. */
const LONG = "await ctx.generate({ prompt: 'A long text.' });";

beforeAll(async () => {
  folder.write('tasks/greet.ts', greetModule('Hello'));
  folder.write('holdfast.config.json', JSON.stringify({ task_files: ['tasks/*.ts'] }));
  const [port, simulatorPort] = [await freePort(), await freePort()];
  simulatorUrl = `http://127.0.0.1:${simulatorPort}`;
  dev = spawn(process.execPath, ['--conditions=holdfast-source', join(root, 'apps/cli/src/main.ts'), 'dev'], {
    cwd: folder.path,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...processEnv,
      PORT: String(port),
      CONSOLE_PORT: String(await freePort()),
      SIMULATOR_PORT: String(simulatorPort),
      HOLDFAST_BOOTSTRAP_KEY: apiKey,
      DRAIN_SECONDS: '1',
    },
  });
  for (const stream of [dev.stdout, dev.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  await until('it runs', () => output.includes('Watching 2 files. Tasks:') || dev.exitCode !== null);
  expect(dev.exitCode).toBeNull();
  const retry = { baseDelayMs: 50, maxDelayMs: 500, maxRetries: 60 };
  client = new Holdfast({ baseUrl: `http://127.0.0.1:${port}`, apiKey, retry });
});
afterAll(async () => {
  dev.kill('SIGTERM');
  await until('it ends', () => dev.exitCode !== null || dev.signalCode !== null);
  folder.remove();
});

/** Saves, and waits for what is said of it. */
async function save(name: string, content: string, said: string): Promise<string> {
  const before = output.length;
  folder.write(name, content);
  await until(`it says "${said}"`, () => output.slice(before).includes(said));
  return output.slice(before);
}

async function greeting(task = 'greet'): Promise<unknown> {
  const { job } = await client.submit({ task, input: { name: 'Ada' }, metadata: { sim: 'tokens=2' } });
  const { output: given, error } = await client.wait(job.id);
  return (given as { greeting: string } | null)?.greeting ?? error;
}

describe('holdfast dev', () => {
  it('runs what is saved: the next job has the new behavior', async () => {
    expect(await greeting()).toBe('Hello Ada, by Hello');
    await save('tasks/greet.ts', greetModule('Welcome'), 'Reloaded in');
    expect(await greeting()).toBe('Welcome Ada, by Welcome');
  });

  it('says what is wrong with a file, with its line, and goes on with what ran before', async () => {
    const broken = `${greetModule('Broken')}export const = 1;\n`;
    const said = await save('tasks/greet.ts', broken, 'Not reloaded; the old code goes on running:');
    await until('it names the line', () => /\n {2}tasks\/greet\.ts:16: /.test(output));
    expect(said).not.toContain('reloading');
    expect(await greeting()).toBe('Welcome Ada, by Welcome');
    await save('tasks/greet.ts', greetModule('Mended'), 'Reloaded in');
    expect(await greeting()).toBe('Mended Ada, by Mended');
  });

  it('sees modules that come, that tasks import, and that go; and the config file', async () => {
    const imported = greetModule('Other').replace("name: 'greet'", 'name');
    await save('tasks/lib/name.ts', "export const name = 'other';\n", '');
    await save('tasks/other.ts', `import { name } from './lib/name.ts';\n${imported}`, 'Reloaded in');
    expect(await greeting('other')).toBe('Other Ada, by Other');
    await save('tasks/lib/name.ts', "export const name = 'renamed';\n", 'Reloaded in');
    expect(await greeting('renamed')).toBe('Other Ada, by Other');
    const config = { task_files: ['tasks/*.ts'], tasks: { renamed: { model: 'other-model' } } };
    await save('holdfast.config.json', JSON.stringify(config), 'Reloaded in');
    const before = output.length;
    rmSync(join(folder.path, 'tasks/other.ts'));
    await until('it misses the task', () => output.slice(before).includes('tasks.renamed: no such task'));
    await save('holdfast.config.json', JSON.stringify({ task_files: ['tasks/*.ts'] }), 'Reloaded in');
    expect((await client.tasks()).map(({ name }) => name)).not.toContain('renamed');
  });

  it('loses nothing of a job that runs: another worker takes it over, with the new code, and pays for nothing twice', async () => {
    await save('tasks/greet.ts', greetModule('Long', LONG), 'Reloaded in');
    const metadata = { case: 'reloaded', sim: 'tokens=60&itl_ms=5&pause_after=20' };
    const { job } = await client.submit({ task: 'greet', input: { name: 'Ada' }, metadata });
    for await (const event of client.attach(job.id)) if (event.type === 'text.delta') break;
    await save('tasks/greet.ts', greetModule('Next', LONG), 'Reloaded in');
    await until('the next worker has it', async () => (await client.get(job.id)).attempt === 2);
    await fetch(`${simulatorUrl}/sim/pauses?case=reloaded`, { method: 'DELETE' });
    const ended = await client.wait(job.id);
    // The step was kept; what comes after it is done by the new code.
    expect(ended).toMatchObject({ status: 'completed', attempt: 2, output: { greeting: 'Long Ada, by Next' } });
    const counted = await fetch(`${simulatorUrl}/sim/calls?case=reloaded`);
    expect(await counted.json()).toMatchObject({ calls: 1, completed: 1 });
  });
});
