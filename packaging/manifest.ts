/** The package.json of what is published, put together from those of the workspaces. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PublishedPackage, root } from './published.ts';

type Versions = Record<string, string>;
type ExportConditions = Record<string, string>;

/** A package.json, as far as it matters here. */
export interface Manifest {
  name: string;
  version: string;
  description?: string;
  keywords?: string[];
  license: string;
  type: 'module';
  private?: true;
  engines?: Versions;
  sideEffects?: boolean;
  bin?: Record<string, string>;
  exports?: Record<string, ExportConditions | string>;
  files?: string[];
  dependencies?: Versions;
  peerDependencies?: Versions;
}

/** The condition that leads to TypeScript sources: of use in the repository alone. */
export const SOURCE_CONDITION = 'holdfast-source';

export function readManifest(workspace: string): Manifest {
  return JSON.parse(readFileSync(join(root, workspace, 'package.json'), 'utf8')) as Manifest;
}

/** Every workspace by the name that others import it by. */
export function workspacesByName(): ReadonlyMap<string, string> {
  const paths = ['packages', 'apps'].flatMap((kind) => readdirSync(join(root, kind)).map((name) => `${kind}/${name}`));
  return new Map(paths.map((path) => [readManifest(path).name, path]));
}

/** @throws Error where no workspace has the library, or two ask for two versions of it */
export function versionOf(library: string): string {
  const versions = new Set<string>();
  for (const workspace of workspacesByName().values()) {
    const version = readManifest(workspace).dependencies?.[library];
    if (version !== undefined) versions.add(version);
  }
  const [version, ...others] = versions;
  if (version === undefined) throw new Error(`${library} is imported, and no workspace's package.json has it.`);
  if (others.length > 0)
    throw new Error(`${library}: workspaces ask for ${[...versions].join(' and ')}. Use one version.`);
  return version;
}

/** What users may import, by path: its conditions as the workspace has them. A path to the package.json has none. */
export function openExports({ home, internalExports }: PublishedPackage): [string, ExportConditions][] {
  const open: [string, ExportConditions][] = [];
  for (const [path, conditions] of Object.entries(readManifest(home).exports ?? {})) {
    if (typeof conditions !== 'string' && !internalExports.includes(path)) open.push([path, conditions]);
  }
  return open;
}

function publishedExports(published: PublishedPackage): NonNullable<Manifest['exports']> {
  const entries = openExports(published).map(([path, { [SOURCE_CONDITION]: _source, ...kept }]) => [path, kept]);
  return { ...Object.fromEntries(entries), './package.json': './package.json' };
}

function atRoot(home: string, bin: Versions): Versions {
  return Object.fromEntries(Object.entries(bin).map(([name, file]) => [name, `${home}/${file.replace(/^\.\//, '')}`]));
}

/** Where the user's version has to be the same or a later one of the same major version. */
function asPeer(version: string): string {
  return `^${version}`;
}

/**
 * @param libraries what the package imports of others
 * @throws Error where the home's package.json lacks what people look for in a registry
 */
export function publishedManifest(published: PublishedPackage, libraries: readonly string[]): Manifest {
  const { name, home, kind, peers } = published;
  const { version, description, keywords, license, type, engines, bin, sideEffects } = readManifest(home);
  if (!description || !keywords || !engines) {
    throw new Error(`${home}/package.json: description, keywords and engines are required of what is published.`);
  }
  const sorted = [...new Set(libraries)].sort();
  const own = sorted.filter((library) => !peers.includes(library)).map((library) => [library, versionOf(library)]);
  const asked = sorted.filter((library) => peers.includes(library)).map((peer) => [peer, asPeer(versionOf(peer))]);
  return {
    name,
    version,
    description,
    keywords,
    license,
    type,
    engines,
    ...(sideEffects === undefined ? {} : { sideEffects }),
    ...(bin ? { bin: atRoot(home, bin) } : {}),
    exports: publishedExports(published),
    files: kind === 'library' ? ['dist'] : ['apps', 'packages'],
    ...(own.length > 0 ? { dependencies: Object.fromEntries(own) } : {}),
    ...(asked.length > 0 ? { peerDependencies: Object.fromEntries(asked) } : {}),
  };
}
