/** Asks a new process for a look at the tasks: this one has loaded what it has loaded. */
import { spawn } from 'node:child_process';
import { programArgs } from '../services.ts';
import type { Look } from './look.ts';

/** A module that computes for longer, or waits for something, when it is loaded would keep every process from starting. */
const LOOK_TIMEOUT_MS = 30_000;

/**
 * @param directory of this workspace
 * @throws Error where the process ends without a word: what it wrote on stderr is the message
 */
export function askLook(directory: string, env: NodeJS.ProcessEnv): Promise<Look> {
  const child = spawn(process.execPath, programArgs(directory, 'dev/look-main'), {
    env,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const late = setTimeout(() => child.kill('SIGKILL'), LOOK_TIMEOUT_MS);
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return new Promise<Look>((resolve, reject) => {
    child.once('error', reject);
    child.once('message', (look) => resolve(look as Look));
    child.once('close', (code, signal) => {
      const end = signal === null ? `ended with ${code}` : `did not end within ${LOOK_TIMEOUT_MS / 1_000} s`;
      reject(new Error(said.trim() || `the process that loads the tasks ${end}`));
    });
  }).finally(() => {
    clearTimeout(late);
    // A module may have opened something that keeps it alive.
    child.kill('SIGKILL');
  });
}
