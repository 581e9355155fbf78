/** Holdfast as a user has it: installed from its tarballs outside of the repository, with a task of their own. */
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { versionOf } from '../../packaging/manifest.ts';
import { root } from '../../packaging/published.ts';
import { type Place, withExample } from '../examples/example.ts';
import { exerciseExpressBackend } from '../examples/express-backend.ts';
import { exerciseOwnTasks, testOwnTasks } from '../examples/own-tasks.ts';
import { RunningProgram } from '../stack/running-program.ts';
import { Installation } from './installation.ts';

const execute = promisify(execFile);
let installed: Installation;
let project: string;

beforeAll(async () => {
  // For the example that uses it; it comes with Holdfast, but nobody may count on that.
  installed = await Installation.create([`express@${versionOf('express')}`]);
  project = installed.makeDirectory('my-jobs');
});
afterAll(() => installed?.remove());

/** Free ports for all, whatever else runs on this machine. */
const anyPorts = { PORT: '0', CONSOLE_PORT: '0', SIMULATOR_PORT: '0' };

function holdfast(...args: string[]) {
  return installed.run('npx', ['holdfast', ...args], project);
}

/** Starts the project, does this with what it says, and stops it. */
async function whileItRuns(
  act: (url: string, key: string, running: RunningProgram) => Promise<void>,
  args = ['start'],
): Promise<void> {
  const running = new RunningProgram(['npm', ...args], { cwd: project, env: { ...installed.env, ...anyPorts } });
  try {
    const [, url = ''] = await running.saying(/API\s+(http:\S+)/);
    const [, key = ''] = await running.saying(/API key\s+(hold_\w+)/);
    await act(url, key, running);
  } catch (error) {
    await running.stop();
    throw error;
  }
  await running.stop();
  expect(running.said).toContain('Stopping …');
  expect(running.said).not.toContain('at once.');
}

/** Of the client with the types of the project's task: the compiler reads it, then it runs. */
const clientProgram = `
import { Holdfast } from '@holdfast/client';
import type * as tasks from './tasks/hello.ts';

const { HOLDFAST_URL = '', HOLDFAST_API_KEY = '' } = process.env;
const holdfast = new Holdfast<typeof tasks>({ baseUrl: HOLDFAST_URL, apiKey: HOLDFAST_API_KEY });
const submission = await holdfast.submit({ task: 'hello', input: { name: 'Ada' } }, { idempotencyKey: 'first' });
let streamed = '';
for await (const { text } of holdfast.stream(submission.job.id)) streamed = text;
const job = await holdfast.wait(submission.job.id);
const greeting: string | undefined = job.output?.greeting;
const again = await holdfast.submit({ task: 'hello', input: { name: 'Ada' } }, { idempotencyKey: 'first' });
console.log(JSON.stringify({ status: job.status, greeting, streamed, calls: job.provider_calls, again: again.replayed }));

async function refused() {
  // @ts-expect-error: the task takes a name
  await holdfast.submit({ task: 'hello', input: { nme: 'Ada' } });
  // @ts-expect-error: there is no such task
  await holdfast.submit({ task: 'nothing', input: { name: 'Ada' } });
  // @ts-expect-error: the output has no such member
  void job.output?.word;
}
void refused;
`;

const compilerOptions = {
  module: 'nodenext',
  target: 'es2024',
  lib: ['es2024', 'dom', 'dom.iterable'],
  strict: true,
  noEmit: true,
  // The declarations of the packages are checked too.
  ...{
    skipLibCheck: false,
    allowImportingTsExtensions: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
  },
};

it('is installed whole: npm finds nothing missing, and nothing of the repository is linked', async () => {
  const { code, stderr } = await installed.run('npm', ['ls', '--all']);
  expect([code, stderr]).toEqual([0, '']);
  expect(readdirSync(join(installed.directory, 'node_modules/@holdfast')).sort()).toEqual(['client', 'tasks']);
});

describe('holdfast init', () => {
  it('writes a project, and says what to do next', async () => {
    const { code, stdout } = await holdfast('init');
    expect(code).toBe(0);
    expect(stdout).toContain('npm install\n  npm start\n');
    expect(JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')).dependencies).toMatchObject({
      holdfast: '0.1.0',
      '@holdfast/tasks': '0.1.0',
    });
    expect(existsSync(join(project, '.gitignore'))).toBe(true);
  });

  it('writes a task whose tests pass', async () => {
    const { code, stdout } = await installed.run('npm', ['test'], project);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/pass 2\n.*fail 0\n/)]);
  });

  it('overwrites nothing: it names what is there', async () => {
    const before = readFileSync(join(project, 'tasks/hello.ts'), 'utf8');
    writeFileSync(join(project, 'tasks/hello.ts'), `${before}// mine\n`);
    const { code, stderr } = await holdfast('init');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^holdfast: .*package\.json, tasks\/hello\.test\.ts, tasks\/hello\.ts already/),
    ]);
    expect(readFileSync(join(project, 'tasks/hello.ts'), 'utf8')).toBe(`${before}// mine\n`);
  });
});

it('runs a task of the project, for the client and the command', async () => {
  writeFileSync(join(project, 'submit.ts'), clientProgram);
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts', 'tasks/*.ts'] }));
  await whileItRuns(async (url, key) => {
    const env = { ...installed.env, HOLDFAST_URL: url, HOLDFAST_API_KEY: key };
    const { stdout } = await execute(process.execPath, ['submit.ts'], { cwd: project, env });
    const result = JSON.parse(stdout) as Record<string, unknown>;
    expect(result).toMatchObject({ status: 'completed', calls: 2, again: true });
    expect(result.greeting).toBe(result.streamed);
    expect(String(result.streamed).length).toBeGreaterThan(20);
    // The command finds its key in the project's data directory.
    const followed = await holdfast('--url', url, 'submit', 'hello', '--input', '{"name":"Bo"}', '--follow');
    expect(followed).toMatchObject({ code: 0 });
    for (const path of ['/demo/', '/demo/client/index.js', '/docs/', '/openapi.json']) {
      expect([path, (await fetch(url + path)).status]).toEqual([path, 200]);
    }
  });
  expect(readdirSync(join(project, '.holdfast'))).toEqual(expect.arrayContaining(['keys.json', 'redis']));
});

it('reloads a task that is saved, under holdfast dev', async () => {
  const file = join(project, 'tasks/hello.ts');
  const before = readFileSync(file, 'utf8');
  const answerOf = async (url: string) =>
    (await holdfast('--url', url, '--json', 'submit', 'hello', '--input', '{"name":"Ada"}', '--follow')).stdout;
  await whileItRuns(
    async (url, _key, running) => {
      await running.saying(/Watching 2 files/);
      writeFileSync(file, before.replace('return { mood, greeting };', "return { mood: 'saved', greeting };"));
      await running.saying(/Reloaded in/);
      expect(await answerOf(url)).toContain('"mood":"saved"');
    },
    ['run', 'dev'],
  );
  writeFileSync(file, before);
});

/** Runs the compiler of this repository on a project. */
function compile(tsconfig: string) {
  return installed.run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', tsconfig]);
}

it('has types that are right for users, checked with their own', async () => {
  const { code, stdout } = await compile(project);
  expect([code, stdout]).toEqual([0, '']);
});

describe('the types of what the client sends and gets', () => {
  const contractOf = () => join(installed.directory, 'node_modules/@holdfast/client/dist/contract.d.ts');

  it('are those that core infers from its schemas', async () => {
    const names = [...readFileSync(contractOf(), 'utf8').matchAll(/^export (?:type|interface) (\w+)(?= =| \{)/gm)];
    expect(names.length).toBeGreaterThan(10);
    const lines = names.map(([, name]) => `same<client.${name}, core.${name}>(true);`);
    const core = join(root, 'packages/core/dist/index.js');
    const directory = installed.makeDirectory('same-types');
    const same = 'const same = <A, B>(_: [A] extends [B] ? ([B] extends [A] ? true : false) : false) => undefined;';
    const text = [
      `import type * as client from '${contractOf().replace(/\.d\.ts$/, '.js')}';`,
      `import type * as core from '${core}';`,
    ];
    writeFileSync(
      join(directory, 'same.ts'),
      [...text, same, ...lines, 'same<client.Job, core.JobError>(false);'].join('\n'),
    );
    const options = { ...compilerOptions, skipLibCheck: true };
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.ts'] }));
    const { code, stdout } = await compile(directory);
    expect([code, stdout]).toEqual([0, '']);
  });

  it('say what their members mean, and name no library', () => {
    const text = readFileSync(contractOf(), 'utf8');
    expect(text).toContain('/** Attempts begun so far; 0 before the first. */\n    attempt: number;');
    expect(text).toContain('/** A worker begins an attempt.');
    expect(text).not.toMatch(/import\(|from '|\bz\.|Zod/);
  });
});

describe('holdfast start -- COMMAND', () => {
  it('runs the command beside it, with the address and a key, and ends with its exit code', async () => {
    const code = `const { HOLDFAST_URL, HOLDFAST_API_KEY, PORT } = process.env;
      const answer = await fetch(HOLDFAST_URL + '/v1/tasks', { headers: { authorization: 'Bearer ' + HOLDFAST_API_KEY } });
      console.log('answered ' + answer.status + ', PORT ' + PORT); process.exit(7);`;
    const args = ['holdfast', 'start', '--', process.execPath, '--input-type=module', '-e', code];
    const running = new RunningProgram(['npx', ...args], { cwd: project, env: { ...installed.env, ...anyPorts } });
    await running.saying(/answered 200, PORT undefined/);
    expect(await running.ended()).toBe(7);
  });

  it('says so where there is no such program, before it starts anything', async () => {
    const { code, stdout, stderr } = await holdfast('start', '--', 'no-such-program');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe('holdfast: "no-such-program" can\'t be run: there is no such program on the PATH.\n');
  });
});

describe('an example that is copied out of the repository', () => {
  function copied(name: string): Place {
    cpSync(join(root, 'examples', name), installed.makeDirectory(name), { recursive: true });
    return { directory: installed.directory, env: installed.env };
  }

  it('submits an order once and relays its stream from any event: express-backend', async () => {
    await withExample('express-backend', copied('express-backend'), exerciseExpressBackend);
  });

  it('runs its tasks, and has tests that pass: own-tasks', async () => {
    const place = copied('own-tasks');
    await withExample('own-tasks', place, exerciseOwnTasks);
    await testOwnTasks(place);
  });

  it('serves its page and the client: browser-page', async () => {
    await withExample('browser-page', copied('browser-page'), async ({ program, url }) => {
      await program.saying(/Open http/);
      for (const path of ['/', '/page.js', '/client/index.js', '/client/attach.js']) {
        expect([path, (await fetch(url + path)).status]).toEqual([path, 200]);
      }
    });
  });
});

it('finds what tasks import in a directory where nothing is installed, examples included', async () => {
  const elsewhere = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-elsewhere-')));
  try {
    cpSync(join(project, 'tasks'), join(elsewhere, 'tasks'), { recursive: true });
    const config = { task_files: ['tasks/*.ts', '@holdfast/tasks/examples'] };
    writeFileSync(join(elsewhere, 'holdfast.config.json'), JSON.stringify(config));
    const look = join(installed.directory, 'node_modules/holdfast/apps/local/dist/dev/look-main.js');
    const [seen] = await once(fork(look, { cwd: elsewhere, env: installed.env }), 'message');
    expect((seen as { tasks: string[] }).tasks).toEqual(expect.arrayContaining(['hello', 'summarize']));
  } finally {
    rmSync(elsewhere, { recursive: true });
  }
});

it('tells a Node that is too old what it needs, before it loads anything', async () => {
  const preload = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'22.17.1'}})`;
  const command = join(installed.directory, 'node_modules/holdfast/apps/cli/holdfast.mjs');
  const old = await installed.run(process.execPath, [`--import=${preload}`, command, '--version']);
  expect(old).toMatchObject({ code: 1, stdout: '' });
  expect(old.stderr).toBe('holdfast: Node 22.18 or later is needed; this is 22.17.1. See https://nodejs.org\n');
});

it('names its own files in stack traces, as the repository does', async () => {
  const core = join(installed.directory, 'node_modules/holdfast/packages/core/dist/index.js');
  const { code, stdout } = await installed.run(process.execPath, [
    '--input-type=module',
    '-e',
    `const core = await import(${JSON.stringify(pathToFileURL(core).href)});
     try { new core.RequestError(null, 'x', { get issues() { throw new Error('here') } }) } catch (error) { console.log(error.stack) }`,
  ]);
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/at new RequestError \(.*packages\/core\/dist\/error\.js:\d+/),
  ]);
});
