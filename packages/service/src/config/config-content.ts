/** Reads a config file, before its content is checked: JSON strictly, and a `.ts` or `.js` module by what it exports. */
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { isModuleNamespaceObject, isPromise } from 'node:util/types';
import { RequestError } from '@holdfast/core';
import { parseStrictJson } from '../http/strict-json.ts';
import { SettingsError } from './settings.ts';

/** @param lines one per issue, each with its path */
export function invalidConfigFile(file: string, lines: readonly string[]): SettingsError {
  return new SettingsError(`${file} is not valid:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}

/** @throws SettingsError where the file can't be read, or has no object */
export function readConfigContent(file: string): unknown {
  checkThere(file);
  return /\.[cm]?[jt]s$/.test(file) ? loadModule(file) : readJson(file);
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'it does not exist',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
};

function unreadable(file: string, error: unknown): SettingsError {
  const { code = 'an unknown reason' } = error as NodeJS.ErrnoException;
  return new SettingsError(`${file} can't be read: ${reasons[code] ?? code}.`);
}

function checkThere(file: string): void {
  let isFile: boolean;
  try {
    isFile = !statSync(file).isDirectory();
  } catch (error) {
    throw unreadable(file, error);
  }
  if (!isFile) throw new SettingsError(`${file} can't be read: it is a directory.`);
}

function readJson(file: string): unknown {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw unreadable(file, error);
  }
  // Some editors write a byte order mark before the text.
  const hasMark = bytes.subarray(0, 3).equals(Buffer.from('\ufeff'));
  try {
    return parseStrictJson(hasMark ? bytes.subarray(3) : bytes, file).value;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (error.issues.length === 0) throw new SettingsError(error.message);
    const lines = error.issues.map(({ path, message }) => `${path || '(top level)'}: ${message}`);
    throw invalidConfigFile(file, lines);
  }
}

function loadModule(file: string): unknown {
  const content = exportOf(file);
  // Settings are read synchronously, before anything starts.
  if (isPromise(content))
    throw invalidConfigFile(file, ['(top level): expected an object; got a promise. Export its value']);
  return content;
}

function exportOf(file: string): unknown {
  let loaded: unknown;
  try {
    loaded = createRequire(import.meta.url)(resolve(file));
  } catch (error) {
    const isAsync = (error as NodeJS.ErrnoException | null)?.code === 'ERR_REQUIRE_ASYNC_MODULE';
    const reason = isAsync ? 'it awaits at its top level' : error instanceof Error ? error.message : String(error);
    throw new SettingsError(`${file} can't be loaded as a module: ${reason}`);
  }
  if (!isModuleNamespaceObject(loaded)) return loaded;
  if ('default' in (loaded as object)) return (loaded as { default: unknown }).default;
  throw new SettingsError(`${file} has no default export: write \`export default { … }\`.`);
}
