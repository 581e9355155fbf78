/** The file in the data directory in which `npm start` stores the keys that it has created. The CLI reads it too. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const keyFileSchema = z.strictObject({ bootstrap_key: z.string().min(32), admin_key: z.string().min(32) });

export type KeyFile = z.infer<typeof keyFileSchema>;

export function keyFileIn(dataDir: string): string {
  return join(dataDir, 'keys.json');
}

/**
 * @returns null: there is no such file
 * @throws Error, without the file's content, when it is damaged; what reading it throws
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
    // The cause would show the content of the file.
    throw new Error(`${file} is damaged. Remove it: new keys are created then, and the old ones stop working.`, {
      cause: error instanceof Error ? error.name : undefined,
    });
  }
}
