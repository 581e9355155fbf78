/** The key to present, where the environment gives none: the one that `npm start` keeps in the data directory. */
import { keyFileIn, readKeyFile } from '@holdfast/service/key-file';
import { CliError } from './output/failures.ts';

const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|\[::1\])$/;

interface KeyWanted {
  /** The variable that would give it. */
  variable: 'HOLDFAST_API_KEY' | 'HOLDFAST_ADMIN_KEY';
  member: 'bootstrap_key' | 'admin_key';
}

/**
 * Kept keys are those of this machine's own copy: they are sent to it alone, never to a server elsewhere.
 * @throws CliError saying what to set
 */
export function keptKey(dataDir: string, url: string, { variable, member }: KeyWanted): string {
  if (!LOOPBACK.test(new URL(url).hostname)) {
    throw new CliError(`${variable} is not set: give it the key for ${url} (a kept key is sent to this machine only).`);
  }
  const file = keyFileIn(dataDir);
  const keys = readKeyFile(file);
  if (keys === null) {
    throw new CliError(`${variable} is not set, and there is no ${file}: set it, or HOLDFAST_DATA_DIR.`);
  }
  return keys[member];
}
