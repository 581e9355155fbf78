/**
 * What Redis holds is private to the packages that keep it, so that one place tells what a key is and who may change it.
 *
 * - A package's key names stand in one file (`homes`), which only that package imports. The cell's are the exception: the
 *   packages that keep a part of it reach them as `cell.keys`, and tests name them by `CellKeys`.
 * - Lua stands in `packages/cell`, in the history, and in three scripts beside them: BullMQ's locks, and two questions to the server.
 * - Scripts are run by the packages that keep what they change: journal, queue and gate a part of a cell, history its buckets. Apps call
 *   those.
 */
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readWorkspaces, type SourceFile } from './workspaces.ts';

/** Where key names are made. */
const homes = [
  'packages/alerts/src/keys.ts',
  'packages/cell/src/keys.ts',
  'packages/cell/src/layout.ts',
  'packages/gate/src/keys.ts',
  'packages/history/src/keys.ts',
  'packages/queue/src/names.ts',
  'packages/redis/src/keys.ts',
  'apps/console/src/keys.ts',
];
const luaOfCells = /^packages\/cell\/src\/(lua|scripts)\//;
const luaBeside = [
  'packages/history/src/scripts.ts',
  'packages/queue/src/presence/heartbeat.ts',
  'packages/redis/src/access.ts',
  'packages/redis/src/durable-writes.ts',
];
/** Who keeps a part of what a cell holds, and the history. */
const keepers = ['packages/cell', 'packages/history', 'packages/journal', 'packages/queue', 'packages/gate'];

const workspaces = readWorkspaces();
const files = workspaces.flatMap((workspace) => workspace.files);
const outsiders = workspaces.filter(({ path }) => !keepers.includes(path)).flatMap((workspace) => workspace.files);
const pathsOf = (some: SourceFile[]) => some.map(({ path }) => path).sort();

/** Names that a file imports of a package of ours. */
function namesFrom(file: SourceFile, specifier: string): string[] {
  return file.imports.filter((one) => one.specifier === specifier).flatMap(({ names }) => names);
}

describe('names of Redis keys', () => {
  // A name begins with the prefix, in TypeScript, or with what a cell's names begin with, in Lua.
  const named = /`\{?\$\{[\w.#]*\b(?:prefix|base)\}[}:-]|`\$\{[\w.#]*\bbase\}|\bC \.\. '/;

  it('are made in their homes only', () => {
    const makers = pathsOf(files.filter(({ source }) => named.test(source)));
    expect(makers.filter((path) => !homes.includes(path) && !luaOfCells.test(path))).toEqual([]);
    expect(homes.filter((path) => !makers.includes(path))).toEqual([]);
  });

  it('leave their package by the door of the cell alone', () => {
    const doors = files.flatMap(({ path, imports }) =>
      imports
        .filter(({ isExport }) => isExport)
        .map(({ specifier }) => normalize(join(dirname(path), specifier)))
        .filter((target) => homes.includes(target))
        .map((target) => `${path} → ${target}`),
    );
    expect(doors.sort()).toEqual([
      'packages/cell/src/index.ts → packages/cell/src/keys.ts',
      // `checkLayout`, no key.
      'packages/cell/src/index.ts → packages/cell/src/layout.ts',
    ]);
    expect(pathsOf(files.filter((file) => namesFrom(file, '@holdfast/cell').includes('CellKeys')))).toEqual([]);
  });

  it('of a cell are used by those who keep a part of it', () => {
    const usesKeys = ({ members }: SourceFile) => members.some((member) => /\bcell\.keys\b|\.keysOf$/.test(member));
    expect(files.filter(usesKeys).length).toBeGreaterThan(5);
    expect(pathsOf(outsiders.filter(usesKeys))).toEqual([]);
  });
});

describe('scripts', () => {
  it('are written in the cell, and in four files beside it', () => {
    const lua = /\bredis\.p?call\(|\b(KEYS|ARGV)\[/;
    const writers = pathsOf(files.filter(({ texts }) => texts.some((text) => lua.test(text))));
    expect(writers.filter((path) => !luaOfCells.test(path))).toEqual(luaBeside);
  });

  it('of a cell are run by those who keep a part of it; apps only send them ahead', () => {
    const runs = (file: SourceFile) =>
      namesFrom(file, '@holdfast/cell').includes('scripts') || namesFrom(file, '@holdfast/redis').includes('Script');
    expect(files.filter(runs).length).toBeGreaterThan(5);
    expect(pathsOf(outsiders.filter(runs))).toEqual([]);
  });

  it('are sent by `Script` alone', () => {
    const sends = ({ members }: SourceFile) => members.some((member) => /\.(eval|evalsha)$/.test(member));
    expect(pathsOf(files.filter(sends))).toEqual([
      // Each asks the server itself, once; neither touches a job.
      'packages/redis/src/access.ts',
      'packages/redis/src/durable-writes.ts',
      'packages/redis/src/script.ts',
    ]);
  });
});
