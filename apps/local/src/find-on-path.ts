import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The first program of that name in the directories of `path` (a PATH), or null. An absolute name is checked as it is. */
export function findOnPath(name: string, path: string): string | null {
  if (isAbsolute(name)) return isProgram(name) ? name : null;
  const directories = path.split(delimiter).filter((directory) => directory !== '');
  return directories.map((directory) => join(directory, name)).find(isProgram) ?? null;
}
