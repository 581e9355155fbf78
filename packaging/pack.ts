/**
 * `npm run pack`: makes the tarballs of all that is published, in `.holdfast/packages` or the directory that is named.
 *
 *   1. build     the types of the libraries and the demo page's script, by tsc
 *   2. stage     each package in a directory of its own: modules, types, assets, README, LICENSE, package.json
 *   3. pack      `npm pack`, as a publish would
 *
 * Publishes nothing.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from './build.ts';
import { Declarations } from './declarations.ts';
import { writeJavaScript } from './javascript.ts';
import { publishedManifest } from './manifest.ts';
import { type PublishedPackage, publishedPackages, root } from './published.ts';

const execute = promisify(execFile);

export interface Tarball {
  name: string;
  /** Absolute. */
  file: string;
}

/** Lays the package out as it is packed. */
async function stage(published: PublishedPackage, directory: string): Promise<void> {
  const { home, kind, assets } = published;
  const libraries = await writeJavaScript(published, directory);
  if (kind === 'library') libraries.push(...new Declarations(published, directory).write());
  for (const asset of assets) cpSync(join(root, asset), join(directory, asset), { recursive: true });
  const manifest = publishedManifest(published, libraries);
  writeJson(join(directory, 'package.json'), manifest);
  if (kind === 'program') {
    // Its command reads the versions, its own and those of what it needs, from the package.json beside it.
    const { name, version, type, engines, dependencies } = manifest;
    writeJson(join(directory, home, 'package.json'), { name, version, private: true, type, engines, dependencies });
  }
  cpSync(join(root, home, 'README.md'), join(directory, 'README.md'));
  cpSync(join(root, 'LICENSE'), join(directory, 'LICENSE'));
}

function writeJson(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}

/** Runs `npm pack` on a directory that is laid out as it is to be packed. */
export async function packDirectory(name: string, directory: string, out: string): Promise<Tarball> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', out];
  const { stdout } = await execute('npm', args, { cwd: directory });
  const [packed] = JSON.parse(stdout) as { filename: string }[];
  if (packed === undefined) throw new Error(`npm pack made nothing of ${name}.`);
  return { name, file: join(out, packed.filename) };
}

async function packInto(published: PublishedPackage, out: string): Promise<Tarball> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-pack-'));
  try {
    await stage(published, directory);
    return await packDirectory(published.name, directory, out);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * Packs everything into `out`, which is emptied first.
 * @throws Error where it can't be built, or a package.json lacks what it needs
 */
export async function pack(out: string): Promise<Tarball[]> {
  await build();
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  return Promise.all(publishedPackages.map((published) => packInto(published, out)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const out = resolve(process.argv[2] ?? join(root, '.holdfast/packages'));
  for (const { name, file } of await pack(out)) process.stdout.write(`${name}  ${relative(process.cwd(), file)}\n`);
}
