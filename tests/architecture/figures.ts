/**
 * The figures of a tree, as `npm run figures` prints them. What counts as what:
 *
 *   source      TypeScript and JavaScript in `apps` and `packages`, but tests and `testing/`
 *   tests       `*.test.ts` anywhere, and all in `testing/` and in `tests`
 *   lines       all of a file's or a function's, blank ones included
 *   functions   those with a name, and callbacks that no function holds
 *   comments    lines with nothing else, of all lines that aren't blank
 *   cycles      sets of files of one workspace that all reach one another
 *   sentences   of README, ARCHITECTURE, CONTRIBUTING and docs: in paragraphs and lists
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parsePage, sentenceLengths } from '../docs/markdown.ts';
import { findImportCycles } from './find-cycles.ts';
import { filesBelow, isTest, readSource } from './workspaces.ts';

/** One of those that are counted, by name. */
export interface Counted {
  name: string;
  size: number;
}

/** Of some sizes. All 0 where there are none. */
export interface Spread {
  median: number;
  p90: number;
  max: number;
  /** Largest first. */
  largest: Counted[];
}

export interface Figures {
  files: number;
  lines: number;
  fileLines: Spread;
  functionLines: Spread;
  /** From 0 to 1. */
  commentShare: number;
  cycles: string[][];
  cyclesWithTypes: string[][];
  testsToSource: number;
  /** Source files a folder. */
  folderWidths: Spread;
  wideFolders: Counted[];
  sentenceWords: Spread;
}

export const MAX_FOLDER_WIDTH = 16;
const NAMED = 5;
const NAMED_SENTENCES = 3;

/** @param tree the directory that `apps`, `packages`, `tests` and `docs` are in; what isn't there counts as nothing */
export function figuresOf(tree: string): Figures {
  const code = ['apps', 'packages', 'tests'].flatMap((top) => codeBelow(tree, top));
  const isForTests = (path: string) => isTest(path) || /^tests\/|\/testing\//.test(path);
  const sources = code.filter((path) => !isForTests(path)).map((path) => readSource(tree, path));
  const lines = sum(sources.map((source) => source.lines));
  const testLines = sum(code.filter(isForTests).map((path) => readSource(tree, path).lines));
  const functions = sources.flatMap((source) =>
    source.functions.map((one) => ({ name: `${source.path}:${one.line} ${one.name}`, size: one.lines })),
  );
  const folders = Map.groupBy(sources, ({ path }) => dirname(path));
  const widths = [...folders].map(([name, files]) => ({ name, size: files.length }));
  return {
    files: sources.length,
    lines,
    fileLines: spread(
      sources.map((source) => ({ name: source.path, size: source.lines })),
      NAMED,
    ),
    functionLines: spread(functions, NAMED),
    commentShare:
      sum(sources.map(({ commentLines }) => commentLines)) /
      (lines - sum(sources.map(({ blankLines }) => blankLines)) || 1),
    cycles: findImportCycles(sources, { withTypes: false }),
    cyclesWithTypes: findImportCycles(sources, { withTypes: true }),
    testsToSource: testLines / (lines || 1),
    folderWidths: spread(widths, NAMED),
    wideFolders: bySize(widths).filter(({ size }) => size > MAX_FOLDER_WIDTH),
    sentenceWords: spread(sentencesBelow(tree), NAMED_SENTENCES),
  };
}

/** Code that people write: what is installed or built is none. */
function codeBelow(tree: string, top: string): string[] {
  return filesBelow(join(tree, top))
    .map((name) => `${top}/${name}`)
    .filter((path) => /\.(ts|tsx|mts|mjs|js)$/.test(path) && !/\/(node_modules|dist|public\/js)\//.test(path));
}

function sentencesBelow(tree: string): Counted[] {
  const documents = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'].filter((name) => existsSync(join(tree, name)));
  const docs = filesBelow(join(tree, 'docs')).map((name) => `docs/${name}`);
  return [...documents, ...docs.filter((name) => name.endsWith('.md'))].flatMap((path) =>
    parsePage(readFileSync(join(tree, path), 'utf8')).paragraphs.flatMap((paragraph) =>
      sentenceLengths(paragraph).map(({ sentence, words }) => ({
        name: `${path}:${paragraph.line} ${sentence}`,
        size: words,
      })),
    ),
  );
}

const sum = (sizes: number[]) => sizes.reduce((all, size) => all + size, 0);
const bySize = (all: Counted[]) => all.toSorted((a, b) => b.size - a.size || a.name.localeCompare(b.name));

function spread(all: Counted[], named: number): Spread {
  const largest = bySize(all);
  const rank = (share: number) => largest.at(-Math.ceil(share * all.length))?.size ?? 0;
  return { median: rank(0.5), p90: rank(0.9), max: largest[0]?.size ?? 0, largest: largest.slice(0, named) };
}
