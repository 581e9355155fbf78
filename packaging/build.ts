/** Builds the repository: `dist` of every workspace and the demo page's script, where a source is newer. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './published.ts';

const execute = promisify(execFile);

/** @throws Error with what the compiler says */
export async function build(): Promise<void> {
  try {
    await execute(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b'], { cwd: root });
  } catch (error) {
    throw new Error(`The sources do not compile:\n${(error as { stdout: string }).stdout}`, { cause: error });
  }
}
