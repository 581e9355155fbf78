/**
 * The two keys that a local copy needs: one for the API, one for the console. Made at the first start and kept in the
 * data directory, readable by its owner only. A key that the environment gives is used and never written down.
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
  /** Where those are kept that the environment didn't give. */
  file: string;
}

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

function makeKey(prefix: string): string {
  return prefix + Array.from({ length: RANDOM_CHARACTERS }, () => BASE62[randomInt(BASE62.length)]).join('');
}

/** Writes the file in full or not at all, and never over one that is there. */
function createKeyFile(file: string): void {
  const keys: KeyFile = { bootstrap_key: makeKey('hold_'), admin_key: makeKey('hold_admin_') };
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600, flush: true });
  try {
    linkSync(draft, file);
  } catch (error) {
    // Another copy was faster: its keys are everybody's.
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * The keys to use; those that the environment doesn't give are made where none are kept yet.
 * @throws Error when the key file can't be read or written
 */
export function provideKeys(dataDir: string, given: { bootstrap: string | null; admin: string | null }): Keys {
  const file = keyFileIn(dataDir);
  if (given.bootstrap !== null && given.admin !== null) {
    return { bootstrap: given.bootstrap, admin: given.admin, file };
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  if (readKeyFile(file) === null) createKeyFile(file);
  const kept = readKeyFile(file);
  if (kept === null) throw new Error(`${file} was removed while it was being made`);
  return { bootstrap: given.bootstrap ?? kept.bootstrap_key, admin: given.admin ?? kept.admin_key, file };
}
