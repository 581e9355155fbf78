/**
 * `npm run check:packages [-- TARBALL …]`: checks these tarballs, or packs everything and checks that. Exit code 1: a fault.
 * With `--json` the result is printed as JSON.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { checks, gzippedSize, readUnpacked, type UnpackedTarball } from './check-tarball.ts';
import { pack } from './pack.ts';

export interface CheckedTarball {
  file: string;
  files: readonly string[];
  manifest: UnpackedTarball['manifest'];
  /** Of a library for browsers, what a page has to load, in bytes; null: it is none. */
  gzipped: number | null;
  /** By the name of the check; one without faults isn't in it. */
  faults: Record<string, string[]>;
}

function unpack(file: string, directory: string): UnpackedTarball {
  mkdirSync(directory, { recursive: true });
  execFileSync('tar', ['-xzf', file, '-C', directory, '--strip-components=1']);
  return readUnpacked(file, directory);
}

async function check(file: string, directory: string): Promise<CheckedTarball> {
  const tarball = unpack(file, directory);
  const { files, manifest } = tarball;
  const found = Object.entries(checks).map(async ([name, faultsOf]) => [name, await faultsOf(tarball)] as const);
  const faults = Object.fromEntries((await Promise.all(found)).filter(([, list]) => list.length > 0));
  const gzipped = manifest.name === '@holdfast/client' ? await gzippedSize(tarball) : null;
  return { file, files, manifest, gzipped, faults };
}

function linesOf({ file, files, manifest, gzipped, faults }: CheckedTarball): string[] {
  return [
    `${manifest.name} ${manifest.version}: ${files.length} files in ${basename(file)}`,
    ...(gzipped === null ? [] : [`  ${gzipped} bytes, bundled, minified and gzipped`]),
    ...Object.entries(faults).flatMap(([name, list]) => list.map((fault) => `  ${name}: ${fault}`)),
  ];
}

const named = process.argv.slice(2).filter((argument) => argument !== '--json');
const directory = mkdtempSync(join(tmpdir(), 'holdfast-packages-'));
try {
  const files = named.length > 0 ? named : (await pack(join(directory, 'packed'))).map((tarball) => tarball.file);
  const checked: CheckedTarball[] = [];
  for (const [at, file] of files.entries()) checked.push(await check(file, join(directory, String(at))));
  const faults = checked.flatMap((tarball) => Object.values(tarball.faults).flat()).length;
  const lines = [...checked.flatMap(linesOf), faults === 0 ? 'The packages are in order.' : `${faults} faults.`];
  const text = process.argv.includes('--json') ? JSON.stringify(checked) : lines.join('\n');
  process.stdout.write(`${text}\n`);
  process.exitCode = faults === 0 ? 0 : 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
