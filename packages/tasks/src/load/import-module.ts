/** Loads one module that the user names, in one go: what runs before a process has started must not wait. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { placeInFrame } from '../context/call-site.ts';
import { shownPath } from '../shown-path.ts';
import { watchImports } from './module-graph.ts';
import type { TaskFileFault } from './task-file-fault.ts';

export type ImportedModule = { exports: unknown; path: string | null } | { fault: TaskFileFault };

/**
 * @param module an absolute path, or the name of a package
 * @param from the config file: packages are looked for from its directory
 */
export function importModule(module: string, from: string): ImportedModule {
  const graph = watchImports();
  graph.takeFailure();
  const require = createRequire(from);
  try {
    return { exports: require(module), path: pathOf(require, module) };
  } catch (error) {
    return { fault: faultOf(module, error) };
  }
}

function pathOf(require: NodeJS.Require, module: string): string | null {
  if (isAbsolute(module)) return module;
  try {
    const path = require.resolve(module);
    return path.includes('/node_modules/') ? null : path;
  } catch {
    return null;
  }
}

const remedies: Readonly<Record<string, string>> = {
  ERR_REQUIRE_ASYNC_MODULE: 'it, or a module that it imports, awaits at its top level. Await in the function `run`.',
  ERR_UNKNOWN_FILE_EXTENSION: 'it is not a module. Name files that end in .ts or .js.',
};

function faultOf(module: string, error: unknown): TaskFileFault {
  const { code, message, stack, isSyntax } = asError(error);
  const missing = watchImports().takeFailure();
  if (missing && /NOT_FOUND|NOT_EXPORTED|NOT_DEFINED/.test(code)) return missingImport(module, missing);
  if (code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING') return typeScriptInPackage(module, message);
  const remedy = remedies[code];
  if (remedy !== undefined) return { place: shownPath(module), message: remedy };
  const [, wanted] = /^The requested module '(.+?)' does not provide an export/.exec(message) ?? [];
  const importer = wanted === undefined ? null : watchImports().importerOf(wanted);
  if (importer !== null) return { place: placeOfImport(importer, String(wanted)), message: `${message}.` };
  const what = isSyntax ? `${message}.` : `it throws ${message}`;
  return { place: placeOfError(stack) ?? shownPath(module), message: what };
}

/** Anything may be thrown, by code of another realm too. */
function asError(thrown: unknown) {
  const { name, message, code = '', stack = '' } = (thrown ?? {}) as Partial<NodeJS.ErrnoException>;
  const isSyntax = name === 'SyntaxError';
  const said = typeof message !== 'string' ? String(thrown) : isSyntax ? message : `${name}: ${message}`;
  return { code: String(code), message: said, stack: String(stack), isSyntax };
}

function typeScriptInPackage(module: string, message: string): TaskFileFault {
  const [, url = ''] = /"(file:[^"]+)"/.exec(message) ?? [];
  const what = url === '' ? 'a module in node_modules' : shownPath(fileURLToPath(url));
  return { place: shownPath(module), message: `${what} is TypeScript, which Node does not load from node_modules.` };
}

function missingImport(
  module: string,
  { specifier, importer }: { specifier: string; importer: string },
): TaskFileFault {
  const isPackage = !/^[./#]/.test(specifier);
  if (specifier === module && isPackage) {
    const remedy = `Install it, or write "./${module}" for a file`;
    return { place: shownPath(importer), message: `there is no package "${module}". ${remedy}.` };
  }
  const remedy = isPackage ? 'Install it' : 'Imports name files with their extension, as "./prompts.ts"';
  return { place: placeOfImport(importer, specifier), message: `there is no "${specifier}" to import. ${remedy}.` };
}

/** The first line that has the words of the import in quotes. */
function placeOfImport(importer: string, specifier: string): string {
  const lines = readFileSync(importer, 'utf8').split('\n');
  const at = lines.findIndex((line) => line.includes(`'${specifier}'`) || line.includes(`"${specifier}"`));
  return at < 0 ? shownPath(importer) : `${shownPath(importer)}:${at + 1}`;
}

/** This package: what its functions throw is for whoever called them. */
const OWN_FILES = join(import.meta.dirname, '..');

/** Of what was thrown, the innermost place that isn't Node's own or a package's; of a syntax error, the place of the syntax. */
function placeOfError(stack: string): string | null {
  const places = stack.split('\n').map((line) => placeInFrame(line.trim()));
  const place = places.find((found) => found !== null && isOfTheUser(found.path));
  return place ? `${shownPath(place.path)}:${place.line}` : null;
}

function isOfTheUser(path: string): boolean {
  return !path.includes('/node_modules/') && !path.startsWith(`${OWN_FILES}/`);
}
