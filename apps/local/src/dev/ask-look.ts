/** Loads the tasks in a new process, and returns what it found. This process can't load a module a second time. */
import { spawn } from 'node:child_process';
import { programArgs } from '../services.ts';
import type { Look } from './look.ts';

/** A module that takes longer to load, or never finishes, would stop every process from starting. */
const LOOK_TIMEOUT_MS = 30_000;

/**
 * @param directory the folder of this workspace
 * @throws Error when the process ends without a result; the message is its stderr
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
    // A module may have opened something that keeps the process alive.
    child.kill('SIGKILL');
  });
}
