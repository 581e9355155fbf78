/** Builds the repository: `dist` of every workspace, the demo page's script and the console's web app, where a source is newer. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './published.ts';

const execute = promisify(execFile);

/** @throws Error with what the compiler or the bundler says */
export async function build(): Promise<void> {
  try {
    await execute(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b'], { cwd: root });
    await execute(process.execPath, [join(root, 'apps/console/web/build.mjs')], { cwd: root });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`The sources do not compile:\n${stdout}${stderr}`, { cause: error });
  }
}
