/** What would be published: each tarball is in order, and each check sees what it is there for. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CheckedTarball } from '../../packaging/check.ts';
import { readManifest } from '../../packaging/manifest.ts';
import { publishedPackages } from '../../packaging/published.ts';
import { checkAll, packInto } from './packed.ts';

const random = Array.from({ length: 30_000 }, () => Math.random().toString(36)[3] ?? 'x').join('');

/** Changes to the client's package, each with what the checks must say of it. */
const broken: Record<string, { change: (directory: string) => void; faults: Record<string, unknown> }> = {
  'a workspace as a dependency': {
    change: inManifest({ dependencies: { '@holdfast/core': '0.1.0' } }),
    faults: { manifest: ['depends on @holdfast/core, a workspace', 'the client needs @holdfast/core'] },
  },
  'a loose version': {
    change: inManifest({ dependencies: { zod: '^4.6.7' } }),
    faults: { manifest: ['dependencies.zod: "^4.6.7" is not one exact version', 'the client needs zod'] },
  },
  'a private package': { change: inManifest({ private: true }), faults: { manifest: ['is private'] } },
  'the condition of sources': {
    change: inManifest({ exports: { '.': { 'holdfast-source': './dist/index.js', default: './dist/index.js' } } }),
    faults: { manifest: ['names the condition holdfast-source'] },
  },
  'a test': {
    change: withFile('dist/client.test.js', '1;\n'),
    faults: { files: ['dist/client.test.js is not wanted'] },
  },
  'no license': {
    change: (directory) => rmSync(join(directory, 'LICENSE')),
    faults: { files: ['LICENSE is missing'] },
  },
  'an import that nobody brings': {
    change: withFile('dist/terminal.js', "export { Job } from '@holdfast/core';\n"),
    faults: { imports: ['dist/terminal.js imports @holdfast/core'] },
  },
  'types of a library that nobody brings': {
    change: withFile('dist/terminal.d.ts', "export type Schema = import('zod').ZodType;\n"),
    faults: { imports: ['dist/terminal.d.ts imports zod'] },
  },
  'an export without its file': {
    change: inManifest({ exports: { '.': './dist/no.js' } }),
    faults: { publint: [expect.stringContaining('dist/no.js')], types: expect.anything() },
  },
  'types without their file': {
    change: (directory) => rmSync(join(directory, 'dist/index.d.ts')),
    faults: { publint: [expect.stringContaining('dist/index.d.ts')], types: expect.anything() },
  },
  'a declaration that leads nowhere': {
    change: (directory) => rmSync(join(directory, 'dist/contract.d.ts')),
    faults: { types: expect.arrayContaining([expect.stringContaining('InternalResolutionError')]) },
  },
  'a client that has grown': {
    change: withFile('dist/index.js', `export const more = '${random}';\n`),
    faults: { size: [expect.stringMatching(/^\d{5} bytes gzipped; at most 8000 are allowed$/)] },
  },
};

function inManifest(change: object): (directory: string) => void {
  return (directory) => {
    const file = join(directory, 'package.json');
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...change }));
  };
}

function withFile(path: string, text: string): (directory: string) => void {
  return (directory) => appendFileSync(join(directory, path), `\n${text}`);
}

const home = mkdtempSync(join(tmpdir(), 'holdfast-tarballs-'));
const numbered = Object.entries(broken).map(([what, each], at) => ({ what, file: `broken-${at}`, ...each }));
let checked: ReadonlyMap<string, CheckedTarball>;

/** The client's tarball, unpacked, changed and packed again. */
function breakTarball(client: string, { file, change }: (typeof numbered)[number]): string {
  const directory = join(home, file, 'package');
  mkdirSync(directory, { recursive: true });
  execFileSync('tar', ['-xzf', client, '-C', join(home, file)]);
  change(directory);
  execFileSync('tar', ['-czf', join(home, `${file}.tgz`), '-C', join(home, file), 'package']);
  return join(home, `${file}.tgz`);
}

beforeAll(async () => {
  const tarballs = await packInto(join(home, 'packed'));
  const client = tarballs.get('@holdfast/client') ?? '';
  checked = await checkAll([...tarballs.values(), ...numbered.map((each) => breakTarball(client, each))]);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

function checkedPackage(name: string): CheckedTarball {
  const found = [...checked].find(([file, { manifest }]) => manifest.name === name && !file.startsWith('broken'));
  if (!found) throw new Error(`${name} was not packed`);
  return found[1];
}

describe.each(publishedPackages.map(({ name, home: workspace }) => ({ name, workspace })))('$name', (published) => {
  const { name, workspace } = published;

  it('is in order', () => {
    expect(checkedPackage(name).faults).toEqual({});
  });

  it('has the version, the license and the words of its workspace', () => {
    const { version, license, description } = readManifest(workspace);
    expect(checkedPackage(name).manifest).toMatchObject({ name, version, license, description });
  });
});

it('@holdfast/client asks for nothing, and is small', () => {
  const { manifest, gzipped } = checkedPackage('@holdfast/client');
  expect([manifest.dependencies, manifest.peerDependencies]).toEqual([undefined, undefined]);
  expect(gzipped).toBeGreaterThan(1_000);
  expect(gzipped).toBeLessThan(8_000);
});

it('@holdfast/tasks asks for zod alone, the copy of whoever defines the tasks', () => {
  const { manifest } = checkedPackage('@holdfast/tasks');
  const zod = readManifest('packages/tasks').dependencies?.zod;
  expect([manifest.dependencies, manifest.peerDependencies]).toEqual([undefined, { zod: `^${zod}` }]);
});

it('holdfast pins the libraries of the workspaces, at their versions', () => {
  const { dependencies = {} } = checkedPackage('holdfast').manifest;
  expect(Object.keys(dependencies)).toEqual(expect.arrayContaining(['bullmq', 'commander', 'express', 'openai']));
  expect(dependencies.bullmq).toBe(readManifest('packages/queue').dependencies?.bullmq);
});

it('holdfast brings the built web app of the console, and none of its libraries', () => {
  const { files, manifest } = checkedPackage('holdfast');
  expect(files).toContain('apps/console/dist/web/index.html');
  expect(files.some((file) => /^apps\/console\/dist\/web\/assets\/.+\.js$/.test(file))).toBe(true);
  expect(Object.keys(manifest.dependencies ?? {})).not.toContain('react');
});

describe('the checks see', () => {
  it.each(numbered)('$what', ({ file, faults }) => {
    expect(checked.get(file)?.faults).toEqual(faults);
  });
});
