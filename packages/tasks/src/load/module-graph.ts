/**
 * Watches how task files resolve their imports, and helps if they can't. An import is looked for in this order:
 *
 *   1. as Node does                        what the user has installed beside the tasks comes first
 *   2. by the condition `import`           a package that exports for ESM alone
 *   3. from where this package is          `@holdfast/tasks` and `zod`, for tasks in a directory where nothing is installed
 *
 * It remembers which module imports which. So it knows the user's files that the tasks are made of, and where an import fails.
 * The hook stays while the process runs, because a task may import something when it runs.
 */
import { realpathSync } from 'node:fs';
import module, { type RegisterHooksOptions } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface FailedImport {
  specifier: string;
  /** Absolute path of the module that asks for it. */
  importer: string;
}

interface ModuleGraph {
  /** The user's own modules behind these: absolute paths, themselves included; packages from a registry are left out. */
  filesBehind(modules: readonly string[]): string[];
  /** Who imports this, by the words of the import; null: nobody that is known. */
  importerOf(specifier: string): string | null;
  /** The import that could not be found since it was last asked for. */
  takeFailure(): FailedImport | null;
}

/** By URL of the importer: what it imports, by the words of the import. */
const imports = new Map<string, Map<string, string>>();
let failure: FailedImport | null = null;

const OURS = /^@holdfast\//;
const BROUGHT_ALONG = /^(?:@holdfast\/tasks(?:\/examples)?|zod(?:\/.*)?)$/;
const FOR_ESM = ['import', 'module', 'node', 'default'];
const NOT_FOUND = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

type Hook = NonNullable<RegisterHooksOptions['resolve']>;

const resolveImport: Hook = (specifier, context, next) => {
  const resolved = resolveWithHelp(specifier, context, next);
  const { parentURL } = context;
  if (parentURL !== undefined && !OURS.test(specifier)) {
    const known = imports.get(parentURL) ?? new Map<string, string>();
    imports.set(parentURL, known.set(specifier, resolved.url));
  }
  return resolved;
};

function resolveWithHelp(...[specifier, context, next]: Parameters<Hook>): ReturnType<Hook> {
  try {
    return next(specifier, context);
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code);
    try {
      if (NOT_FOUND.has(code) && BROUGHT_ALONG.test(specifier)) return resolveFromHere(specifier);
      if (code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return next(specifier, { ...context, conditions: FOR_ESM });
    } catch {
      // The first error says what is wrong for the user.
    }
    if (context.parentURL?.startsWith('file:')) failure = { specifier, importer: fileURLToPath(context.parentURL) };
    throw error;
  }
}

/** Where this package's exports are. By their files, because a packed Holdfast has this package inside, under no name. */
const OWN_EXPORTS: Readonly<Record<string, string>> = {
  '@holdfast/tasks': '../index',
  '@holdfast/tasks/examples': '../examples/index',
};

function resolveFromHere(specifier: string): ReturnType<Hook> {
  const own = OWN_EXPORTS[specifier];
  const url =
    own === undefined ? import.meta.resolve(specifier) : new URL(own + extname(import.meta.url), import.meta.url);
  return { url: String(url), shortCircuit: true };
}

let isWatching = false;

/** Begins to see imports, once per process. */
export function watchImports(): ModuleGraph {
  // Node has it since 22.15; before, packages have to be installed beside the tasks.
  if (!isWatching) module.registerHooks?.({ resolve: resolveImport });
  isWatching = true;
  return { filesBehind, importerOf, takeFailure };
}

function filesBehind(modules: readonly string[]): string[] {
  const found = new Set<string>();
  const visit = (url: string) => {
    if (found.has(url)) return;
    found.add(url);
    for (const target of imports.get(url)?.values() ?? []) if (isOfTheUser(target)) visit(target);
  };
  for (const path of modules) visit(pathToFileURL(realpathSync(path)).href);
  return [...found].map((url) => fileURLToPath(url)).sort();
}

function isOfTheUser(url: string): boolean {
  return url.startsWith('file:') && !url.includes('/node_modules/');
}

function importerOf(specifier: string): string | null {
  const found = [...imports].find(([, known]) => known.has(specifier));
  return found?.[0].startsWith('file:') ? fileURLToPath(found[0]) : null;
}

function takeFailure(): FailedImport | null {
  const taken = failure;
  failure = null;
  return taken;
}
