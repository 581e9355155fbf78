/** The figures, of a tree that is small enough to be counted by hand. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { type Figures, figuresOf } from './figures.ts';
import { parseSource } from './parse-source.ts';

const trees: string[] = [];
afterAll(() => {
  for (const tree of trees) rmSync(tree, { recursive: true });
});

function countTree(files: Record<string, string>): Figures {
  const tree = mkdtempSync(join(tmpdir(), 'holdfast-figures-'));
  trees.push(tree);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  return figuresOf(tree);
}

const functionsOf = (text: string) =>
  parseSource('x.ts', text).functions.map(({ name, line, lines }) => `${name}:${line} ${lines}`);

describe('figures', () => {
  it('of files count sources apart from tests and what tests use, and nothing that is installed or built', () => {
    const figures = countTree({
      'apps/a/start.mjs': '1;\n2;\n3;\n',
      'packages/b/src/one.ts': 'export const one = 1;\n',
      'packages/b/src/two.tsx': 'export const two = (\n  <b />\n);\n\nexport {};\n',
      'packages/b/src/one.test.ts': '1;\n2;\n3;\n4;\n',
      'packages/b/testing/b.ts': '1;\n2;\n',
      'tests/flow/b.ts': '1;\n2;\n3;\n',
      'packages/b/dist/one.js': '1;\n2;\n3;\n4;\n5;\n6;\n7;\n8;\n9;\n10;\n',
      'packages/b/node_modules/c/index.js': '1;\n2;\n',
      'packages/b/package.json': '{}\n',
    });
    expect(figures).toMatchObject({ files: 3, lines: 9, testsToSource: 1 });
    expect(figures.fileLines).toMatchObject({ median: 3, p90: 5, max: 5 });
    expect(figures.fileLines.largest[0]).toEqual({ name: 'packages/b/src/two.tsx', size: 5 });
  });

  it('name at most five of the longest, and take the 90th percentile as the size that nine in ten don’t exceed', () => {
    const sizes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 100];
    const figures = countTree(Object.fromEntries(sizes.map((size) => [`apps/a/src/f${size}.ts`, '0;\n'.repeat(size)])));
    expect(figures.fileLines).toMatchObject({ median: 5, p90: 9, max: 100 });
    expect(figures.fileLines.largest.map(({ size }) => size)).toEqual([100, 9, 8, 7, 6]);
  });

  it('of comments count lines that hold nothing else, whatever looks like one in a text', () => {
    const text = [
      '/**',
      ' * Two.',
      ' */',
      '',
      "const a = '// none'; // beside code",
      'const b = `',
      '// a text',
      '/* a text */',
      '`;',
      '// one',
    ];
    expect(countTree({ 'apps/a/src/a.ts': text.join('\n') }).commentShare).toBeCloseTo(4 / 9);
  });

  it('of cycles tell those that only types make from the others', () => {
    const figures = countTree({
      'apps/a/src/a.ts': "import './b.ts';\n",
      'apps/a/src/b.ts': "export { c } from './c.ts';\n",
      'apps/a/src/c.ts': "export const c = () => import('./a.ts');\n",
      'apps/a/src/d.ts': "import type { E } from './e.ts';\nexport type D = E;\n",
      'apps/a/src/e.ts': "export type E = import('./d.ts').D;\n",
      'apps/a/src/f.ts': "import './a.ts';\n// import './f.ts'\nconst text = \"import './f.ts'\";\n",
    });
    const values = ['apps/a/src/a.ts', 'apps/a/src/b.ts', 'apps/a/src/c.ts'];
    expect(figures.cycles).toEqual([values]);
    expect(figures.cyclesWithTypes).toEqual([values, ['apps/a/src/d.ts', 'apps/a/src/e.ts']]);
  });

  it('of folders name those above 16 source files', () => {
    const files = (folder: string, count: number) =>
      Array.from({ length: count }, (_, at) => [`packages/b/src/${folder}/f${at}.ts`, '']);
    const tests = [['packages/b/src/full/f.test.ts', '']];
    const figures = countTree(Object.fromEntries([...files('full', 16), ...files('wide', 17), ...tests]));
    expect(figures.wideFolders).toEqual([{ name: 'packages/b/src/wide', size: 17 }]);
    expect(figures.folderWidths.max).toBe(17);
  });

  it('of documents count the sentences of README and docs, and name three of the longest', () => {
    const figures = countTree({
      'README.md': 'One two three. Four five.\n',
      'docs/a/b.md': 'One two three four.\n\nOne.\n',
      'apps/a/README.md': 'One two three four five six.\n',
    });
    expect(figures.sentenceWords).toMatchObject({ median: 2, max: 4 });
    expect(figures.sentenceWords.largest.map(({ name }) => name)).toEqual([
      'docs/a/b.md:1 One two three four.',
      'README.md:1 One two three.',
      'README.md:1 Four five.',
    ]);
  });

  it('of an empty tree are all nothing', () => {
    expect(countTree({})).toMatchObject({ files: 0, commentShare: 0, testsToSource: 0, cyclesWithTypes: [] });
  });
});

describe('functions', () => {
  it('are declarations, methods, and what is kept under a name', () => {
    const text = [
      'function a() {',
      '  return 1;',
      '}',
      'const b = () => 1;',
      'class C {',
      '  #d() {}',
      '  e = () => {',
      '  };',
      '}',
      'const o = { f() {}, g: () => 1 };',
      'export default function () {}',
    ];
    expect(functionsOf(text.join('\n'))).toEqual([
      'a:1 3',
      'b:4 1',
      'C.#d:6 1',
      'C.e:7 2',
      'f:10 1',
      'g:10 1',
      'callback:11 1',
    ]);
  });

  it('have their callbacks’ lines; a callback counts for itself where nothing holds it', () => {
    expect(functionsOf('function a() {\n  return [1].map((x) => {\n    return x;\n  });\n}\n')).toEqual(['a:1 5']);
    expect(functionsOf("on('x', () => {\n  f();\n});\n")).toEqual(['callback:1 3']);
  });

  it('without a body are none: overloads and abstract methods', () => {
    expect(functionsOf('declare function a(): void;\nabstract class B { abstract c(): void }\n')).toEqual([]);
  });

  it('of a text that is no program are not guessed', () => {
    expect(() => parseSource('src/broken.ts', 'function {')).toThrow(/^src\/broken\.ts: /);
  });
});
