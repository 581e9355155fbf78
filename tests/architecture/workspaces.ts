/** The tree as the architecture tests and the figures see it: workspaces, their source files, and what each imports. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, normalize, relative, resolve } from 'node:path';
import { type ParsedSource, parseSource } from './parse-source.ts';

export const root = resolve(import.meta.dirname, '../..');

export interface SourceFile extends ParsedSource {
  /** From the root, as `packages/core/src/job/job.ts`. */
  path: string;
  source: string;
}

export interface Workspace {
  /** As `packages/core`. */
  path: string;
  name: string;
  dependencies: Record<string, string>;
  /** The files that `exports` leads to, as `packages/core/src/index.ts`. */
  entries: string[];
  /** What stands in `src`, without tests. */
  files: SourceFile[];
}

interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  exports?: Record<string, { 'holdfast-source': string }>;
}

/**
 * Workspaces within an app whose code is bundled. Their libraries are in the bundle, so nobody who runs it installs them: they are
 * declared as development dependencies.
 */
const bundled = ['apps/console/web'];

export const isTest = (path: string) => /\.test\.tsx?$/.test(path);

/** Paths of the files below `folder`, from there; none where there is no such folder. */
export function filesBelow(folder: string): string[] {
  return existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    : [];
}

export function readSource(tree: string, path: string): SourceFile {
  const source = readFileSync(join(tree, path), 'utf8');
  return { path, source, ...parseSource(path, source) };
}

function sourcesOf(tree: string, workspace: string): SourceFile[] {
  return ['src', 'demo/src'].flatMap((folder) =>
    filesBelow(join(tree, workspace, folder))
      .filter((name) => /\.tsx?$/.test(name) && !isTest(name))
      .map((name) => readSource(tree, join(workspace, folder, name))),
  );
}

/** @param tree the directory that `apps` and `packages` are in */
export function readWorkspaces(tree = root): Workspace[] {
  const folders = ['packages', 'apps'].flatMap((kind) =>
    existsSync(join(tree, kind)) ? readdirSync(join(tree, kind)).map((folder) => `${kind}/${folder}`) : [],
  );
  return [...folders, ...bundled.filter((path) => existsSync(join(tree, path)))].map((path) =>
    readWorkspace(tree, path),
  );
}

function readWorkspace(tree: string, path: string): Workspace {
  const manifest = JSON.parse(readFileSync(join(tree, path, 'package.json'), 'utf8')) as Manifest;
  const { name, dependencies = {}, devDependencies = {}, exports = {} } = manifest;
  const entries = Object.values(exports).map((entry) => join(path, entry['holdfast-source']));
  const declared = bundled.includes(path) ? devDependencies : dependencies;
  return { path, name, dependencies: declared, entries, files: sourcesOf(tree, path) };
}

/** Paths of the files of its own workspace that a file imports. */
export function importedFiles(file: SourceFile, { withTypes }: { withTypes: boolean }): string[] {
  return file.imports
    .filter(({ specifier, typeOnly }) => specifier.startsWith('.') && (withTypes || !typeOnly))
    .map(({ specifier }) => normalize(join(dirname(file.path), specifier)));
}

/** The package that a specifier belongs to; null for Node's own and for files. */
export function packageOf(specifier: string): string | null {
  if (isBuiltin(specifier) || /^[./]/.test(specifier)) return null;
  const [scope, name] = specifier.split('/');
  return specifier.startsWith('@') ? `${scope}/${name}` : (scope ?? null);
}
