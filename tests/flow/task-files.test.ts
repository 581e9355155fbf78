/** Tasks in a user's directory, as the real processes load them. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sharedRedisUrl } from '../../packages/core/testing/shared-redis.ts';
import { adminKey, processEnv, Stack } from '../stack/stack.ts';
import { greetModule, TaskFolder } from '../stack/task-folder.ts';

const root = join(import.meta.dirname, '../..');
const folder = new TaskFolder();
let stack: Stack;

const config = (providerUrl: string) => ({
  lanes: { default: { models: ['*'], providers: [{ name: 'main', base_url: providerUrl }] } },
  task_files: [join(folder.path, 'tasks/*.ts')],
});

beforeAll(async () => {
  folder.write('tasks/greet.ts', greetModule('Hello'));
  folder.write(
    'tasks/ask.ts',
    `import { defineTask } from '@holdfast/tasks';\nimport { z } from 'zod';\nimport { prompt } from '../prompts.ts';\n\n` +
      `const input = z.strictObject({ text: z.string().min(3) });\nconst run = (_: object, ctx) => ctx.generate({ prompt });\n` +
      `export default defineTask({ name: 'ask', summary: 'Asks.', model: 'sim', input, run });\n`,
  );
  folder.write('prompts.ts', `export const prompt: string = 'Say something.';\n`);
  stack = await Stack.start({ config });
});
afterAll(async () => {
  await stack?.close();
  folder.remove();
});

describe('tasks in a directory of the user’s', () => {
  it('are served by API and worker, beside the built-in ones and in place of the examples', async () => {
    const tasks = await stack.client.tasks();
    expect(tasks.map(({ name }) => name)).toEqual(['responses', 'chat.completions', 'embeddings', 'ask', 'greet']);
    expect(tasks.find(({ name }) => name === 'greet')).toMatchObject({
      summary: 'Greets somebody.',
      output: { properties: { greeting: { type: 'string' } } },
    });
    const { job } = await stack.client.submit({ task: 'greet', input: { name: 'Ada' } });
    expect(await stack.client.wait(job.id)).toMatchObject({
      status: 'completed',
      output: { greeting: 'Hello Ada, by Hello' },
    });
    const asked = await stack.client.submit({ task: 'ask', input: { text: 'Hello' }, metadata: { sim: 'tokens=4' } });
    expect(await stack.client.wait(asked.job.id)).toMatchObject({ status: 'completed', provider_calls: 1 });
  });

  it('have their inputs checked when a job is submitted', async () => {
    const submitted = stack.client.submit({ task: 'ask', input: { text: 'x' } });
    await expect(submitted).rejects.toMatchObject({ status: 422, issues: [{ path: 'input.text' }] });
    await expect(stack.client.submit({ task: 'chat', input: {} })).rejects.toMatchObject({ code: 'unknown_task' });
  });

  it('are known to the console: keys can be limited to them', async () => {
    const { log } = await stack.start('console');
    const url = /"url":"([^"]+)","msg":"console ready"/.exec(log)?.[1];
    const create = (task: string) =>
      fetch(`${url}/admin/v1/tenants/default/keys`, {
        method: 'POST',
        headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ scopes: ['submit'], tasks: [task] }),
      });
    expect((await create('greet')).status).toBe(201);
    expect((await create('chat')).status).toBe(422);
  });

  it('are told apart by what their files hold: a worker with others is seen', async () => {
    const others = async () => {
      const ready = (await (await fetch(`${stack.apiUrl}/readyz`)).json()) as { workers_with_other_config: number };
      return ready.workers_with_other_config;
    };
    expect(await others()).toBe(0);
    folder.write('prompts.ts', `export const prompt: string = 'Say something else.';\n`);
    const worker = await stack.start('worker');
    expect(await others()).toBe(1);
    await worker.saying('these workers run with another config file');
    await worker.end('SIGTERM');
  });
});

describe('tasks that are made by a copy of the packages, as npm installs one beside them', () => {
  const modules = join(root, 'node_modules');
  const copy = (name: string) => join(folder.path, 'copies', name);
  let ofCopy: Stack;

  beforeAll(async () => {
    // Linked into node_modules, where Node reads no TypeScript.
    for (const name of ['core', 'tasks']) {
      cpSync(join(modules, '@holdfast', name), copy(name), { recursive: true, dereference: true });
    }
    const installed = join(folder.path, 'node_modules');
    const modulesOfCopies = join(folder.path, 'copies/node_modules');
    for (const directory of [installed, modulesOfCopies]) {
      mkdirSync(join(directory, '@holdfast'), { recursive: true });
      for (const name of ['core', 'tasks']) symlinkSync(copy(name), join(directory, '@holdfast', name));
      symlinkSync(join(modules, 'zod'), join(directory, 'zod'));
    }
    folder.write(
      'copied/fail.ts',
      `import { defineTask, TaskError } from '@holdfast/tasks';\nimport { z } from 'zod';\n\n` +
        `const run = async (_: object, ctx) => {\n` +
        `  const asked = await ctx.generate({ prompt: 'topic', schema: z.object({ topic: z.string() }) });\n` +
        `  if (ctx.attempt === 1) throw new TaskError('Not yet.', { retryable: true });\n` +
        `  throw new TaskError(\`\${import.meta.resolve('@holdfast/tasks')} knows \${typeof asked.topic}\`);\n};\n` +
        `export const fail = defineTask({ name: 'fail', summary: 's', model: 'sim', input: z.object({}), run });\n`,
    );
    ofCopy = await Stack.start({
      config: (url) => ({ ...config(url), task_files: [join(folder.path, 'copied/*.ts')] }),
    });
  });
  afterAll(() => ofCopy?.close());

  it('run as any other, and mean the same by their errors', async () => {
    const { job } = await ofCopy.client.submit({ task: 'fail', input: {}, metadata: { sim: 'tokens=5' } });
    const ended = await ofCopy.client.wait(job.id);
    const events = [];
    for await (const { type } of ofCopy.client.attach(job.id)) events.push(type);
    expect(ended).toMatchObject({
      status: 'failed',
      attempt: 2,
      error: { code: 'task_error', message: `file://${copy('tasks')}/src/index.ts knows string`, retryable: false },
    });
    expect(events).toContain('attempt.failed');
  });
});

describe('a task file that does not fit', () => {
  const file = () => join(folder.path, 'bad.config.json');
  const redis = { REDIS_URL: sharedRedisUrl(), PORT: '0', CONSOLE_PORT: '0' };

  function run(app: string) {
    const env = { ...processEnv, ...redis, HOLDFAST_CONFIG: file(), HOLDFAST_ADMIN_KEY: adminKey };
    const args = ['--conditions=holdfast-source', join(root, 'apps', app, 'src/main.ts')];
    return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
      execFile(process.execPath, args, { cwd: folder.path, env, timeout: 120_000 }, (error, stdout, stderr) =>
        resolve({ code: error ? error.code : 0, stdout, stderr }),
      );
    });
  }

  it.each(['api', 'worker', 'console', 'local'])('ends %s with 1, naming files and lines', async (app) => {
    folder.write('bad/one.ts', `${greetModule('Hello')}\nthrow new Error('no luck');\n`);
    folder.write('bad/two.ts', 'export const = 1;\n');
    folder.write('bad.config.json', JSON.stringify({ task_files: ['bad/*.ts', './none.ts'] }));
    const { code, stdout, stderr } = await run(app);
    expect([code, stdout]).toEqual([1, '']);
    // What is wrong with the syntax is said in Node's words.
    expect(stderr.replace('\nHoldfast: ', '').replace(/(?<=two\.ts:1: ).+/, '…')).toBe(
      "The tasks that bad.config.json names can't be loaded:\n" +
        '  bad/one.ts:17: it throws Error: no luck\n' +
        '  bad/two.ts:1: …\n' +
        `  task_files.1: there is no ${folder.path}/none.ts. Paths are relative to the config file.\n`,
    );
  });
});
