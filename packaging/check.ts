/** `npm run check:packages`: packs everything into a directory of its own and checks each tarball. Exit code 1: a fault. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checks, gzippedSize, readUnpacked, type UnpackedTarball } from './check-tarball.ts';
import { pack, type Tarball } from './pack.ts';

/** Unpacks a tarball beside itself. */
export function unpack({ file }: Tarball): UnpackedTarball {
  const directory = file.replace(/\.tgz$/, '');
  mkdirSync(directory, { recursive: true });
  execFileSync('tar', ['-xzf', file, '-C', directory, '--strip-components=1']);
  return readUnpacked(file, directory);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function checkAll(directory: string): Promise<number> {
  let faults = 0;
  for (const tarball of (await pack(directory)).map(unpack)) {
    const { manifest, files } = tarball;
    say(`${manifest.name} ${manifest.version}: ${files.length} files in ${basename(tarball.file)}`);
    if (manifest.name === '@holdfast/client')
      say(`  ${await gzippedSize(tarball)} bytes, bundled, minified and gzipped`);
    for (const [name, check] of Object.entries(checks)) {
      for (const fault of await check(tarball)) {
        faults++;
        say(`  ${name}: ${fault}`);
      }
    }
  }
  return faults;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-packages-'));
  try {
    const faults = await checkAll(directory);
    say(faults === 0 ? 'The packages are in order.' : `${faults} faults.`);
    process.exitCode = faults === 0 ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
