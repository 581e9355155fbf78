/** The key that is sent if the environment has none: the one that `npm start` has stored in the data directory. */
import { keyFileIn, readKeyFile } from '@holdfast/service/key-file';
import { CliError } from './output/failures.ts';

const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|\[::1\])$/;

interface KeyWanted {
  /** The variable that would hold it. */
  variable: 'HOLDFAST_API_KEY' | 'HOLDFAST_ADMIN_KEY';
  member: 'bootstrap_key' | 'admin_key';
}

/**
 * Stored keys belong to the Holdfast on this machine. They are never sent to a server elsewhere.
 * @throws CliError that says what to set
 */
export function storedKey(dataDir: string, url: string, { variable, member }: KeyWanted): string {
  if (!LOOPBACK.test(new URL(url).hostname)) {
    throw new CliError(
      `${variable} is not set: set it to the key for ${url}. A stored key is sent to this machine only.`,
    );
  }
  const file = keyFileIn(dataDir);
  const keys = readKeyFile(file);
  if (keys === null) {
    throw new CliError(`${variable} is not set, and there is no ${file}: set the variable, or HOLDFAST_DATA_DIR.`);
  }
  return keys[member];
}
