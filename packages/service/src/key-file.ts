/** The file in the data directory where `npm start` keeps the keys that it made: written by it alone, read by the CLI too. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const keyFileSchema = z.strictObject({ bootstrap_key: z.string().min(32), admin_key: z.string().min(32) });

export type KeyFile = z.infer<typeof keyFileSchema>;

export function keyFileIn(dataDir: string): string {
  return join(dataDir, 'keys.json');
}

/**
 * null: there is none.
 * @throws Error, without what is in the file, when it is damaged; what reading it throws
 */
export function readKeyFile(file: string): KeyFile | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return keyFileSchema.parse(JSON.parse(text));
  } catch (error) {
    // The cause would show what is in the file.
    throw new Error(`${file} is damaged. Remove it to have new keys made; the old ones then stop working.`, {
      cause: error instanceof Error ? error.name : undefined,
    });
  }
}
