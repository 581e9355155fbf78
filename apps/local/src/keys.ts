/**
 * The two keys that a local Holdfast needs: one for the API, one for the console. They are made at the first start and stored
 * in the data directory, readable by its owner only. A key from the environment is used and never stored.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { type KeyFile, keyFileIn, readKeyFile } from '@holdfast/service/key-file';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 43 characters of 62 hold 256 bits. */
const RANDOM_CHARACTERS = 43;

export interface Keys {
  bootstrap: string;
  admin: string;
  /** The file with the keys that don't come from the environment. */
  file: string;
}

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

function makeKey(prefix: string): string {
  return prefix + Array.from({ length: RANDOM_CHARACTERS }, () => BASE62[randomInt(BASE62.length)]).join('');
}

/** Writes the complete file or nothing, and never replaces an existing file. */
function createKeyFile(file: string): void {
  const keys: KeyFile = { bootstrap_key: makeKey('hold_'), admin_key: makeKey('hold_admin_') };
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600, flush: true });
  try {
    linkSync(draft, file);
  } catch (error) {
    // Another process was faster: its keys are used.
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * The keys to use. Keys that are neither in the environment nor in the file are made and stored.
 * @throws Error when the key file can't be read or written
 */
export function provideKeys(dataDir: string, given: { bootstrap: string | null; admin: string | null }): Keys {
  const file = keyFileIn(dataDir);
  if (given.bootstrap !== null && given.admin !== null) {
    return { bootstrap: given.bootstrap, admin: given.admin, file };
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  if (readKeyFile(file) === null) createKeyFile(file);
  const stored = readKeyFile(file);
  if (stored === null) throw new Error(`${file} was removed while it was being made. Start again.`);
  return { bootstrap: given.bootstrap ?? stored.bootstrap_key, admin: given.admin ?? stored.admin_key, file };
}
