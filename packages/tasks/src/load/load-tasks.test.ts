import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Loader, openLoader } from '../../testing/loader.ts';
import { defineTask } from '../define-task.ts';
import { isTask } from '../task.ts';

const home = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-tasks-')));
let loader: Loader;
beforeAll(() => {
  loader = openLoader();
});
afterAll(() => {
  loader.close();
  rmSync(home, { recursive: true });
});

/** A directory of its own for each test: a module that was loaded once stays loaded. */
let folder: string;
let folders = 0;
beforeEach(() => {
  folders += 1;
  folder = join(home, String(folders));
});

function write(name: string, content: string): void {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

const taskOf = (name: string) =>
  `defineTask({ name: '${name}', summary: 's', model: 'm', input: z.object({}), run: async () => null })`;
const imports = `import { defineTask } from '@holdfast/tasks';\nimport { z } from 'zod';\n`;

/** A module that exports one task. */
const moduleOf = (name: string) => `${imports}export const task = ${taskOf(name)};\n`;

const configFile = () => join(folder, 'holdfast.config.json');

/** @throws Error, as loading did */
async function load(entries: string[] | undefined, tasks: Record<string, { model: string }> = {}) {
  const { error, ...loaded } = await loader.load({ entries, tasks, configFile: configFile() });
  if (error) throw new Error(error.message);
  return { ...loaded, tasks: new Map(loaded.tasks.map((task) => [task.name, task])) };
}

const builtIn = ['responses', 'chat.completions', 'embeddings'];
const namesOf = async (entries: string[] | undefined) =>
  [...(await load(entries)).tasks.keys()].filter((name) => !builtIn.includes(name));

/** What is said of the entries, without the line before it. */
async function faultsOf(...entries: string[]): Promise<string[]> {
  const { error } = await loader.load({ entries, configFile: configFile() });
  const message = error?.message ?? '';
  const [head, ...lines] = message.split('\n');
  expect(head).toBe(`The tasks that ${folder}/holdfast.config.json names can't be loaded:`);
  return lines.map((line) => line.trim().replaceAll(folder, '.'));
}

describe('task files', () => {
  it('are paths, patterns and packages; tests and declarations that a pattern matches are left out', async () => {
    write('tasks/a.ts', moduleOf('a'));
    write('tasks/deep/b.task.js', moduleOf('b'));
    write('tasks/deep/b.task.test.ts', 'throw new Error("a test was loaded");');
    write('tasks/types.d.ts', 'export {};');
    write('node_modules/acme-tasks/package.json', '{"type":"module","exports":{"./more":{"import":"./more.js"}}}');
    write('node_modules/acme-tasks/more.js', moduleOf('c'));
    write('../other.ts', moduleOf('d'));
    const entries = ['./tasks/a.ts', 'tasks/**/*.{ts,js}', 'acme-tasks/more', '../other.ts'];
    expect(await namesOf(entries)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('export tasks as their default, by name, and in arrays and objects; the same task twice is one', async () => {
    write('default.ts', `${imports}export default ${taskOf('a')};\n`);
    write(
      'many.ts',
      `${imports}import a from './default.ts';\nconst b = ${taskOf('b')};\nexport { a, b };\n` +
        `export const list = [b, ${taskOf('c')}];\nexport default { a, d: ${taskOf('d')} };\n` +
        'export const schema = z.object({});\nexport const limit = 5;\nexport const clean = () => null;\n',
    );
    write('common.cjs', `const { z } = require('zod');\nmodule.exports = { e: require('./default.ts').default };\n`);
    expect((await namesOf(['many.ts', 'default.ts', 'common.cjs'])).sort()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('are the examples where the config file names none, and these are there by their name', async () => {
    expect(await namesOf(undefined)).toEqual(['summarize', 'extract', 'chat']);
    expect(await namesOf([])).toEqual([]);
    expect(await namesOf(['@holdfast/tasks/examples'])).toEqual(['summarize', 'extract', 'chat']);
  });

  it('may be made by a copy of this package that is installed beside them', async () => {
    const installed = join(import.meta.dirname, '../../../../node_modules');
    // Linked, because Node reads no TypeScript in node_modules.
    cpSync(join(installed, '@holdfast/tasks'), join(folder, 'copy'), { recursive: true, dereference: true });
    mkdirSync(join(folder, 'node_modules/@holdfast'), { recursive: true });
    symlinkSync(join(folder, 'copy'), join(folder, 'node_modules/@holdfast/tasks'));
    for (const name of ['@holdfast/core', 'zod'])
      symlinkSync(join(installed, name), join(folder, 'node_modules', name));
    write('a.ts', `${moduleOf('a')}throw new Error(import.meta.resolve('@holdfast/tasks'));`);
    expect(await faultsOf('a.ts')).toEqual(['./a.ts:4: it throws Error: file://./copy/src/index.ts']);
    write('b.ts', moduleOf('b'));
    expect(await namesOf(['b.ts'])).toEqual(['b']);
  });

  it('have the models that the config file names, and their own places', async () => {
    write('a.ts', moduleOf('a'));
    const { tasks } = await load(['a.ts'], { a: { model: 'large' } });
    expect(tasks.get('a')).toMatchObject({ model: 'large', place: `${folder}/a.ts:3` });
    await expect(load(['a.ts'], { b: { model: 'm' } })).rejects.toThrow('tasks.b: no such task; one of a');
  });
});

describe('what the tasks are made of', () => {
  it('are the modules of the user’s own, each behind the next, and no packages', async () => {
    write('a.ts', `${imports}import { words } from './lib/words.ts';\nexport default ${taskOf('a')};\nvoid words;\n`);
    write('lib/words.ts', `import text from './text.json' with { type: 'json' };\nexport const words = text;\n`);
    write('lib/text.json', '{}');
    const files = ['a.ts', 'lib/text.json', 'lib/words.ts'].map((name) => join(folder, name));
    const { files: found, digest } = await load(['a.ts']);
    expect(found).toEqual(files);
    // A module that is loaded already is made of the same.
    expect(await load(['a.ts'])).toMatchObject({ files, digest });
    write('lib/text.json', '{"changed":true}');
    expect((await load(['a.ts'])).digest).not.toBe(digest);
  });
});

describe('a task file that does not fit', () => {
  it('is told with all others, each with its place', async () => {
    write('throws.ts', `export const a: number = 1;\nthrow new TypeError('no luck');\n`);
    write('syntax.ts', 'export const a = 1;\nexport const b = = 2;\n');
    expect(await faultsOf('throws.ts', 'syntax.ts')).toEqual([
      './throws.ts:2: it throws TypeError: no luck',
      './syntax.ts:2: Expression expected.',
    ]);
  });

  it('is told once, however many tasks import it', async () => {
    write('broken.ts', 'export const = 1;');
    for (const name of ['a.ts', 'b.ts']) write(name, `import './broken.ts';\n${moduleOf(name)}`);
    expect(await faultsOf('a.ts', 'b.ts')).toEqual([expect.stringMatching(/^\.\/broken\.ts:1: /)]);
  });

  it.each<[string, string, string, string]>([
    ['path', './tasks/none.ts', 'task_files.0', 'there is no ./tasks/none.ts. Paths are relative to the config file.'],
    ['match', 'tasks/*.ts', 'task_files.0', 'no module matches "tasks/*.ts" in .. Write a task there, or change'],
    ['directory', './', 'task_files.0', '. is a directory. Write "*.ts" for all modules in it.'],
    ['package', 'nobody-has-this', './holdfast.config.json', 'there is no package "nobody-has-this". Install it, or'],
    ['name', 'not a name', 'task_files.0', '"not a name" is not a path, a pattern or the name of a package.'],
  ])('has no such %s', async (_, entry, place, message) => {
    mkdirSync(folder, { recursive: true });
    const [fault = '', ...others] = await faultsOf(entry);
    expect(others).toEqual([]);
    expect(fault.startsWith(`${place}: ${message}`) ? '' : fault).toBe('');
  });

  it.each<[string, string, string]>([
    ['no task', 'export const limit = 5;', './a.ts: it exports no task. Export what `defineTask` returns.'],
    ['no task as its default', 'export default 5;', './a.ts: its default export is not a task. Export what'],
    [
      'a definition that was not given to defineTask',
      `${imports}export const triage = { name: 'triage', input: z.object({}), run() {} };`,
      './a.ts: its export "triage" is not a task. Wrap it: `defineTask({ … })`.',
    ],
    [
      'a member that is no task among tasks',
      `${imports}export const tasks = [${taskOf('a')}, 5];`,
      './a.ts: its export "tasks" has a member that is not a task: [1].',
    ],
    [
      'a task of another version',
      `export default { [Symbol.for('holdfast.task')]: 99, name: 'a', place: null };`,
      './a.ts: the task "a" is made by an @holdfast/tasks of another version. Install the one of this Holdfast.',
    ],
    [
      'a task without a name',
      `${imports}\nexport default ${taskOf('no name')};`,
      './a.ts:4: it throws RangeError: "no',
    ],
    [
      'an await at its top level',
      'export default await Promise.resolve(1);',
      './a.ts: it, or a module that it imports, awaits at its top level. Await in the function `run`.',
    ],
    ['TypeScript that has to be compiled', '\nexport enum Kind { a }', './a.ts:2: TypeScript enum is not supported'],
    [
      'a module that is not there',
      `\nimport './none.ts';`,
      './a.ts:2: there is no "./none.ts" to import. Imports name',
    ],
    [
      'a package that is not there',
      `import 'nobody-has-this';`,
      './a.ts:1: there is no "nobody-has-this" to import. I',
    ],
    [
      'a name that is not exported',
      `${imports}import { other } from './lib.ts';\nvoid other;`,
      "./a.ts:3: The requested module './lib.ts' does not provide an export named 'other'.",
    ],
    ['something thrown that is no error', 'throw "no luck";', './a.ts: it throws no luck'],
  ])('exports or has %s', async (_, code, said) => {
    write('a.ts', code);
    write('lib.ts', 'export const task = 1;');
    const [fault = '', ...others] = await faultsOf('a.ts');
    expect(others).toEqual([]);
    expect(fault.startsWith(said) ? '' : fault).toBe('');
  });

  it('names a task as another does, or a built-in one is: both places are told', async () => {
    write('a.ts', moduleOf('same'));
    write('b.ts', `\n${moduleOf('same')}`);
    write('c.ts', moduleOf('responses'));
    const two = `Two tasks are named "same": ${folder}/a.ts:3 and ${folder}/b.ts:4. Rename one, or remove it.`;
    await expect(load(['a.ts', 'b.ts'])).rejects.toThrow(two);
    const builtInOne = `Two tasks are named "responses": the built-in one and ${folder}/c.ts:3. Rename one, or remove it.`;
    await expect(load(['c.ts'])).rejects.toThrow(builtInOne);
  });

  it('does not keep others from taking the names of examples', async () => {
    write(
      'a.ts',
      `${imports}export default defineTask({ name: 'summarize', summary: 's', model: 'm', input: z.object({}), run: async () => null });`,
    );
    expect((await load(['a.ts'])).tasks.get('summarize')?.place).toBe(`${folder}/a.ts:3`);
  });
});

it('a task of this test is one as well', () => {
  expect(isTask(defineTask({ name: 'a', summary: 's', model: 'm', input: {} as never, run: async () => null }))).toBe(
    true,
  );
  expect(isTask({ name: 'a' })).toBe(false);
});
