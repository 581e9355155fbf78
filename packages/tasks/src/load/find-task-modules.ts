/**
 * What an entry of `task_files` names:
 *
 *   a path      ./tasks/triage.ts, tasks/triage.ts   a module; relative to the config file
 *   a pattern   tasks/*.ts, src/**\/*.task.ts         all modules that match; tests and declarations are left out
 *   a package   @acme/tasks, acme-tasks/support      what it exports
 *
 * Whether a package is there is found out by loading it: `import-module.ts`.
 */
import { globSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';

/** What to give `import-module.ts`: an absolute path, or the name of a package. */
export type FoundModules = { modules: readonly string[] } | { fault: string };

const MODULE = /\.[cm]?[jt]s$/;
/** Beside tasks, and no tasks: a test would run when it is loaded. */
const NOT_TASKS = /\.(?:test|spec|d)\.[cm]?[jt]s$/;
const PACKAGE = /^(?:@[a-z0-9~_.-]+\/)?[a-z0-9~_-][a-z0-9~_.-]*(?:\/[^\\]*)?$/i;

/** @param directory of the config file */
export function findTaskModules(entry: string, directory: string): FoundModules {
  if (isPattern(entry)) return modulesThatMatch(entry, directory);
  if (isPath(entry)) return moduleAt(entry, directory);
  if (!PACKAGE.test(entry)) return { fault: `"${entry}" is not a path, a pattern or the name of a package.` };
  return { modules: [entry] };
}

/** Absolute, of an entry: where a module that it names may come and go. A package's is not watched. */
export function directoriesOf(entry: string, directory: string): string[] {
  if (!isPattern(entry)) return isPath(entry) ? [dirname(resolve(directory, entry))] : [];
  const segments = entry.split('/');
  const fixed = segments.slice(0, segments.findIndex(isPattern));
  const base = resolve(directory, fixed.join('/'));
  if (segments.length - fixed.length === 1) return [base];
  const below = globSync('**/', { cwd: base, exclude: isLeftOut }).map((name) => join(base, name));
  return [base, ...below];
}

function isPattern(entry: string): boolean {
  return /[*?{[]/.test(entry);
}

function isPath(entry: string): boolean {
  return entry.startsWith('.') || isAbsolute(entry) || (MODULE.test(entry) && !entry.startsWith('@'));
}

function modulesThatMatch(pattern: string, directory: string): FoundModules {
  const modules = matchingModules(pattern, directory);
  if (modules.length > 0) return { modules };
  return { fault: `no module matches "${pattern}" in ${directory}. Write a task there, or change the pattern.` };
}

function isLeftOut(name: string): boolean {
  return name === 'node_modules' || name === '.git' || name === '.holdfast';
}

/** Absolute, in the order of their names. */
function matchingModules(pattern: string, directory: string): string[] {
  return globSync(pattern, { cwd: directory, exclude: isLeftOut })
    .filter((name) => MODULE.test(name) && !NOT_TASKS.test(name))
    .map((name) => resolve(directory, name))
    .sort();
}

function moduleAt(entry: string, directory: string): FoundModules {
  const path = resolve(directory, entry);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return { fault: `there is no ${path}. Paths are relative to the config file.` };
  if (!stats.isDirectory()) return { modules: [path] };
  return { fault: `${path} is a directory. Write "${join(entry, '*.ts')}" for all modules in it.` };
}
