/** The folders of `src`: none too wide to be read, each of some size explained, and nothing in them that is for tests alone. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { sentenceLengths } from '../docs/markdown.ts';
import { filesBelow, isTest, readWorkspaces, root } from './workspaces.ts';

const workspaces = readWorkspaces();
const sources = workspaces.flatMap(({ files }) => files);

/** All that stands in a workspace's `src`, tests included. */
const paths = workspaces.flatMap(({ path }) =>
  filesBelow(join(root, path, 'src')).map((name) => join(path, 'src', name)),
);
const folders = [...new Set(paths.map((path) => dirname(path)))].sort();
const filesIn = (folder: string) => paths.filter((path) => dirname(path) === folder);
const sourcesIn = (folder: string) => filesIn(folder).filter((path) => /\.tsx?$/.test(path) && !isTest(path));

/** What a folder says it does: the comment, or the text, that its head opens with. */
function headOf(folder: string): string | null {
  const readme = join(folder, 'README.md');
  if (existsSync(join(root, readme)))
    return readFileSync(join(root, readme), 'utf8')
      .replace(/^#.*\n/, '')
      .trim();
  const heads = [`${folder}/index.ts`, `${folder}/${basename(folder)}.ts`];
  return sources.find(({ path }) => heads.includes(path))?.headComment ?? null;
}

describe('folders of source', () => {
  it('hold 16 source files at most, and 30 files with their tests', () => {
    expect(folders.length).toBeGreaterThan(50);
    expect(folders.filter((folder) => sourcesIn(folder).length > 16)).toEqual([]);
    expect(folders.filter((folder) => filesIn(folder).length > 30)).toEqual([]);
  });

  it('of three or more source files have a head: index.ts, a file of the folder’s name, or a README.md that says what it does', () => {
    const wide = folders.filter((folder) => basename(folder) !== 'src' && sourcesIn(folder).length >= 3);
    expect(wide.filter((folder) => headOf(folder) === null)).toEqual([]);
  });

  it('are explained in three sentences at most; lists, steps and states may follow', () => {
    const explained = folders.filter((folder) => basename(folder) !== 'src' && headOf(folder) !== null);
    const firstParagraph = (folder: string) =>
      headOf(folder)
        ?.split(/\n\s*\n/)[0]
        ?.replace(/\s+/g, ' ') ?? '';
    const long = explained.filter((folder) => sentenceLengths({ line: 1, text: firstParagraph(folder) }).length > 3);
    expect(long).toEqual([]);
  });
});

describe('what is for tests alone', () => {
  it('stands in testing/, beside src', () => {
    expect(paths.filter((path) => /\/(testing\/|test-[^/]*$)/.test(path))).toEqual([]);
  });

  it('is imported by no source, and exported by no package', () => {
    const imports = sources.flatMap(({ path, imports }) =>
      imports.map(({ specifier }) => [
        path,
        specifier.startsWith('.') ? normalize(join(dirname(path), specifier)) : specifier,
      ]),
    );
    const entries = workspaces.flatMap((workspace) => workspace.entries.map((entry) => [workspace.name, entry]));
    const isForTests = ([, target = '']: string[]) => /(^|\/)(testing|tests|bench)\//.test(target) || isTest(target);
    expect([...imports, ...entries].filter(isForTests).map((pair) => pair.join(' → '))).toEqual([]);
  });
});
