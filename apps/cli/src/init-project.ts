/**
 * `holdfast init`: a small project with one task, made of the files in `apps/cli/template`. Writes all of it or nothing, and
 * never over a file that is there.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CliError } from './output/failures.ts';
import { ownManifest } from './own-manifest.ts';

const template = fileURLToPath(new URL('../template', import.meta.url));
/** npm leaves a `.gitignore` out of what it packs. */
const renamed: Readonly<Record<string, string>> = { gitignore: '.gitignore' };

/**
 * Returns the paths that were written, from `directory` on.
 * @throws CliError naming the files that are in the way
 */
export function initProject(directory: string): string[] {
  const files = { 'package.json': packageJson(directory), ...templateFiles() };
  const names = Object.keys(files).sort();
  const taken = names.filter((name) => existsSync(join(directory, name)));
  if (taken.length > 0) {
    const shown = relative(process.cwd(), directory) || 'This directory';
    throw new CliError(
      `${shown} has ${taken.join(', ')} already, and nothing was written. Name another directory: holdfast init my-jobs`,
    );
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text, { flag: 'wx' });
  }
  return names;
}

function templateFiles(): Record<string, string> {
  const entries = readdirSync(template, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => relative(template, join(entry.parentPath, entry.name)));
  return Object.fromEntries(paths.map((path) => [renamed[path] ?? path, readFileSync(join(template, path), 'utf8')]));
}

function packageJson(directory: string): string {
  const { version, dependencies } = ownManifest();
  const manifest = {
    name: packageName(basename(directory)),
    private: true,
    type: 'module',
    scripts: { start: 'holdfast start', dev: 'holdfast dev', test: 'node --test' },
    dependencies: { '@holdfast/tasks': version, holdfast: version, zod: dependencies.zod },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** What npm takes for a name: a directory may be called anything. */
function packageName(text: string): string {
  const name = text.toLowerCase().replace(/[^a-z0-9._-]+/g, '-');
  return name.replace(/^[._-]+|-+$/g, '') || 'my-jobs';
}
