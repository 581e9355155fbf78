/** The examples name versions that there are: of our packages the repository's, of libraries those that it uses. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { type Manifest, readManifest, versionOf } from '../../packaging/manifest.ts';
import { publishedPackages, root } from '../../packaging/published.ts';

const folder = join(root, 'examples');
const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);

it.each(names)('%s', (name) => {
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as Manifest;
  const expected = Object.keys(dependencies).map((library) => {
    const ours = publishedPackages.find((published) => published.name === library);
    return [library, ours ? readManifest(ours.home).version : versionOf(library)];
  });
  expect(expected.length).toBeGreaterThan(1);
  expect(dependencies).toEqual(Object.fromEntries(expected));
});
