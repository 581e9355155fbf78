/** Every `ts` block of the pages is checked by TypeScript, against the workspaces as they are. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parsePage } from './markdown.ts';
import { makeWorkspace, writePageProgram } from './page-program.ts';
import { readPage, root, userPages } from './pages.ts';

const dir = mkdtempSync(join(tmpdir(), 'holdfast-docs-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const wrong = parsePage('A page.\n\n```ts\nconst one: string = 1;\n```\n');
/** Faults, by page. */
let faults: Map<string, string[]>;

beforeAll(() => {
  makeWorkspace(dir);
  const folders = [...userPages().map((path) => ({ path, page: readPage(path) })), { path: 'wrong', page: wrong }];
  const names = new Map(folders.map(({ path }) => [path.replaceAll('/', '+'), path]));
  for (const { path, page } of folders) writePageProgram(page, join(dir, path.replaceAll('/', '+')), new Map());
  writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify(tsconfig()));
  const { stdout } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', dir], {
    encoding: 'utf8',
    cwd: dir,
  });
  faults = new Map(folders.map(({ path }) => [path, []]));
  for (const [, file = '', line, text] of stdout.matchAll(/^(.*?)\((\d+),\d+\): (error .*)$/gm)) {
    const path = names.get(file.split('/')[0] ?? '') ?? file;
    faults.set(path, [...(faults.get(path) ?? []), `${path}:${line} ${text}`]);
  }
});

function tsconfig(): object {
  return {
    extends: resolve(root, 'tsconfig.base.json'),
    compilerOptions: {
      composite: false,
      declaration: false,
      sourceMap: false,
      noEmit: true,
      lib: ['esnext', 'dom', 'dom.iterable'],
      // A fragment needn't use all that it shows.
      noUnusedLocals: false,
      noUnusedParameters: false,
    },
    include: ['*/**/*.ts'],
    exclude: ['node_modules'],
  };
}

describe('TypeScript', () => {
  it.each(userPages())('of %s has no faults', (path) => {
    expect(faults.get(path)).toEqual([]);
  });

  it('with a fault is found, at its line', () => {
    expect(faults.get('wrong')).toEqual([expect.stringMatching(/^wrong:4 error TS2322/)]);
  });

  it('is read without faults elsewhere', () => {
    const pages = new Set(['wrong', ...userPages()]);
    expect([...faults].filter(([path]) => !pages.has(path))).toEqual([]);
  });
});
