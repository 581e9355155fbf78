/**
 * Builds the console's web app, where a source is newer than what was built. A second run takes a tenth of a second.
 * Plain JavaScript: it runs before anything is built.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const web = dirname(fileURLToPath(import.meta.url));
const root = join(web, '../../..');
const out = join(web, '../dist/web');
/** Beside `web`, not in it: what is in it is served. */
const mark = join(web, '../dist/web-built-from');

/** All that the bundle is made of; of libraries, their versions. */
const inputs = [
  join(web, 'src'),
  join(web, 'public'),
  join(web, 'index.html'),
  join(web, 'vite.config.ts'),
  join(web, 'package.json'),
  join(root, 'packages/admin/src'),
  join(root, 'packages/core/src'),
  join(root, 'package-lock.json'),
];

function filesAt(path) {
  if (/\.\w+$/.test(path)) return existsSync(path) ? [path] : [];
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !/\.test\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** A digest of the contents, so that a clone or an image that has the same sources needs no second build. */
function sourcesDigest() {
  const hash = createHash('sha256');
  for (const file of inputs.flatMap(filesAt).sort())
    hash.update(`${relative(root, file)}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

function isBuilt(digest) {
  return existsSync(join(out, 'index.html')) && existsSync(mark) && readFileSync(mark, 'utf8') === digest;
}

const digest = sourcesDigest();
if (!isBuilt(digest)) {
  const { build } = await import('vite');
  // It warns of what no page runs: core's use of Node for ids. `--verbose` shows it.
  await build({
    configFile: join(web, 'vite.config.ts'),
    logLevel: process.argv.includes('--verbose') ? 'info' : 'error',
  });
  writeFileSync(mark, digest);
}
