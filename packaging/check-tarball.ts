/**
 * What is asked of a tarball before anybody installs it. Each check returns its faults in words; none: all is well.
 *
 *   manifest    nothing of the workspaces in it: no source condition, none of our packages as a dependency, versions pinned
 *   files       README, LICENSE and what runs; no sources, no tests
 *   imports     nothing is imported that the package doesn't bring or ask for
 *   publint     what publint finds, suggestions included
 *   types       what "Are the types wrong?" finds for ES modules: the packages have no CommonJS
 *   size        of a library for browsers: all that it exports, bundled and minified, gzipped
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { rolldown } from 'rolldown';
import { libraryOf } from './javascript.ts';
import { type Manifest, SOURCE_CONDITION } from './manifest.ts';

/** The most that a page has to load for the client. */
export const MAX_CLIENT_BYTES = 8_000;

/** A tarball and what is in it. */
export interface UnpackedTarball {
  file: string;
  /** Holds its package.json. */
  directory: string;
  manifest: Manifest;
  /** Paths from `directory` on, sorted. */
  files: readonly string[];
}

/** @param directory where `file` was unpacked */
export function readUnpacked(file: string, directory: string): UnpackedTarball {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries.map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1)).sort();
  return { file, directory, manifest: JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')), files };
}

const IS_EXACT = /^\d+\.\d+\.\d+$/;

export function manifestFaults({ manifest }: UnpackedTarball): string[] {
  const { dependencies = {}, peerDependencies = {}, name } = manifest;
  const faults: string[] = [];
  for (const [library, version] of Object.entries(dependencies)) {
    if (library.startsWith('@holdfast/')) faults.push(`depends on ${library}, a workspace`);
    if (!IS_EXACT.test(version)) faults.push(`dependencies.${library}: "${version}" is not one exact version`);
  }
  if (manifest.private) faults.push('is private');
  if (JSON.stringify(manifest).includes(SOURCE_CONDITION)) faults.push(`names the condition ${SOURCE_CONDITION}`);
  const asked = Object.keys({ ...dependencies, ...peerDependencies });
  if (name === '@holdfast/client' && asked.length > 0) faults.push(`the client needs ${asked.join(', ')}`);
  return faults;
}

const UNWANTED = /\.test\.|\.map$|\.tsbuildinfo$|(?:^|\/)(?:src|node_modules|tsconfig[^/]*)(?:\/|$)|(?<!\.d)\.ts$/;

/** A program brings templates of files that are the user's own. */
export function fileFaults({ files }: UnpackedTarball): string[] {
  const missing = ['LICENSE', 'README.md', 'package.json'].filter((file) => !files.includes(file));
  const unwanted = files.filter((file) => UNWANTED.test(file) && !file.includes('/template/'));
  return [...missing.map((file) => `${file} is missing`), ...unwanted.map((file) => `${file} is not wanted`)];
}

const IMPORTED = /(?:\bfrom\s*|\bimport\s*\(?\s*)(["'])([@\w][\w@/.:-]*)\1/g;

export function importFaults({ directory, manifest, files }: UnpackedTarball): string[] {
  const known = { ...manifest.dependencies, ...manifest.peerDependencies };
  const modules = files.filter((file) => /\.(?:m?js|d\.ts)$/.test(file) && !/\/(?:template|public|web)\//.test(file));
  return modules.flatMap((file) => {
    const code = withoutComments(readFileSync(join(directory, file), 'utf8'));
    const libraries = [...code.matchAll(IMPORTED)].map(([, , specifier = '']) => libraryOf(specifier));
    const strange = libraries.filter((library) => library !== null && !Object.hasOwn(known, library));
    return strange.map((library) => `${file} imports ${library}`);
  });
}

function withoutComments(code: string): string {
  return code.replace(/\/\*.*?\*\/|^\s*\/\/[^\n]*$/gms, '');
}

export async function publintFaults({ file, manifest }: UnpackedTarball): Promise<string[]> {
  const data = readFileSync(file);
  const tarball = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) as ArrayBuffer;
  const { messages } = await publint({ pack: { tarball }, strict: true });
  return messages.map((message) => formatMessage(message, manifest, { color: false }) ?? message.code);
}

/** Not asked of ES modules: TypeScript's oldest way to resolve, and CommonJS. */
const OTHER_WORLDS = new Set(['node10', 'node16-cjs']);

export async function typeFaults({ file, manifest }: UnpackedTarball): Promise<string[]> {
  const result = await checkPackage(createPackageFromTarballData(readFileSync(file)));
  // A package of commands exports nothing that could have types.
  const isLibrary = Object.keys(manifest.exports ?? {}).some((path) => path !== './package.json');
  if (!result.types) return isLibrary ? ['has no types'] : [];
  return result.problems
    .filter((problem) => !('resolutionKind' in problem && OTHER_WORLDS.has(problem.resolutionKind)))
    .map((problem) => `${problem.kind}${'entrypoint' in problem ? ` at "${problem.entrypoint}"` : ''}`);
}

/** Bytes of all that the package's main export leads to, as a page gets it. */
export async function gzippedSize({ directory }: UnpackedTarball): Promise<number> {
  const bundle = await rolldown({ input: join(directory, 'dist/index.js'), platform: 'browser', treeshake: false });
  const { output } = await bundle.generate({ format: 'esm', minify: true });
  await bundle.close();
  return gzipSync(output.map((chunk) => (chunk.type === 'chunk' ? chunk.code : '')).join('')).byteLength;
}

export async function sizeFaults(tarball: UnpackedTarball): Promise<string[]> {
  if (tarball.manifest.name !== '@holdfast/client') return [];
  const bytes = await gzippedSize(tarball);
  return bytes < MAX_CLIENT_BYTES ? [] : [`${bytes} bytes gzipped; at most ${MAX_CLIENT_BYTES} are allowed`];
}

export const checks = {
  manifest: manifestFaults,
  files: fileFaults,
  imports: importFaults,
  publint: publintFaults,
  types: typeFaults,
  size: sizeFaults,
} satisfies Record<string, (tarball: UnpackedTarball) => string[] | Promise<string[]>>;
