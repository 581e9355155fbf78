/** For tests: temporary directories, and scripts as processes. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { birthOf } from '../lock.mjs';

export { until } from '../../../packages/core/testing/until.ts';

const directories: string[] = [];

export function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-local-'));
  directories.push(directory);
  return directory;
}

export function removeDirectories(): void {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
}

/** Writes a file, and creates missing directories. */
export function writeScript(file: string, text: string, mode = 0o644): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode });
  return file;
}

export function isAlive(pid: number): boolean {
  return birthOf(pid) !== null;
}
