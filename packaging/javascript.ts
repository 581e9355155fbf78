/**
 * The JavaScript of what is published: a module stays a module, with its names, so that a stack trace reads as the source
 * does. What changes is the way to our own packages: `@holdfast/core` becomes a path inside of the package.
 */
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { type OutputOptions, rolldown } from 'rolldown';
import { openExports, SOURCE_CONDITION } from './manifest.ts';
import { type PublishedPackage, root } from './published.ts';

/** The sources that others import, or that a process begins with. */
function entriesOf(published: PublishedPackage): string[] {
  if (published.kind === 'program') return [...published.entries];
  return openExports(published).map(([, conditions]) => join(published.home, conditions[SOURCE_CONDITION] ?? ''));
}

/**
 * Where a file of a workspace is in the package, without its ending: in a library at `dist`, those of other workspaces
 * below their names (`dist/core/error`); in a program where it is after a build of the repository.
 * @param path from the root, as `packages/core/src/error`
 */
export function placeOf({ home, kind }: PublishedPackage, path: string): string {
  if (kind === 'program') return path.replace('/src/', '/dist/');
  const [, workspace = '', name = '', file = path] = /^(\w+\/([\w-]+))\/(?:src|dist)\/(.*)$/.exec(path) ?? [];
  return workspace === home ? `dist/${file}` : `dist/${name}/${file}`;
}

/** Writes the package's modules into `directory`. Resolves with what they import of others: libraries, by their names. */
export async function writeJavaScript(published: PublishedPackage, directory: string): Promise<string[]> {
  const bundle = await rolldown({
    cwd: root,
    input: entriesOf(published),
    external: (specifier) => !specifier.startsWith('@holdfast/') && !/^[./]/.test(specifier),
    resolve: { conditionNames: [SOURCE_CONDITION, 'import', 'default'] },
    // Not 'node': the client runs in browsers.
    platform: 'neutral',
    // Whatever a module exports may be imported by a page, a thread or a user's code.
    treeshake: false,
  });
  const output: OutputOptions = {
    dir: directory,
    format: 'esm',
    preserveModules: true,
    preserveModulesRoot: root,
    entryFileNames: ({ name }) => `${placeOf(published, name)}.js`,
  };
  const { output: files } = await bundle.write(output);
  await bundle.close();
  const written = new Set(files.map(({ fileName }) => fileName));
  const imports = files.flatMap((file) => (file.type === 'chunk' ? [...file.imports, ...file.dynamicImports] : []));
  return imports.filter((name) => !written.has(name)).flatMap((specifier) => libraryOf(specifier) ?? []);
}

/** The library that a specifier belongs to; null for Node's own modules and for files. */
export function libraryOf(specifier: string): string | null {
  if (isBuiltin(specifier) || /^[./]/.test(specifier)) return null;
  return /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? null;
}
